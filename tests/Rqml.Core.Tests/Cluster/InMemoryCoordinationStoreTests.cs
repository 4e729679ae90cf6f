using Microsoft.Extensions.Time.Testing;
using Rqml.Testing.Contracts;

namespace Rqml.Cluster;

public sealed class InMemoryCoordinationStoreTests : CoordinationStoreContract
{
    private readonly FakeTimeProvider _time = new();

    protected override TimeSpan MostOverdue => TimeSpan.FromMilliseconds(2);

    protected override ICoordinationStore Create() => new InMemoryCoordinationStore(_time);

    protected override Task PassAsync(TimeSpan time)
    {
        _time.Advance(time);
        return Task.CompletedTask;
    }

    [Fact]
    public async Task A_lease_lives_to_the_tick()
    {
        var lease = await Store.GrantLeaseAsync(TimeSpan.FromSeconds(5), CancellationToken.None);
        _time.Advance(TimeSpan.FromSeconds(5) - TimeSpan.FromTicks(1));
        Assert.True(await Store.RenewLeaseAsync(lease, CancellationToken.None));
        _time.Advance(TimeSpan.FromSeconds(5));

        Assert.False(await Store.RenewLeaseAsync(lease, CancellationToken.None));
    }

    [Fact]
    public async Task Each_lease_runs_out_at_its_own_time_without_anybody_asking()
    {
        await using var watch = Store.Watch("/", CancellationToken.None).GetAsyncEnumerator(CancellationToken.None);
        for (var seconds = 1; seconds <= 3; seconds++)
        {
            var lease = await Store.GrantLeaseAsync(TimeSpan.FromSeconds(seconds), CancellationToken.None);
            await Store.CommitAsync(new CoordinationTransaction([], [new Change.Put($"/{seconds}", default, lease)]), CancellationToken.None);
        }

        for (var left = 3; left >= 0; left--)
        {
            Assert.True(await watch.MoveNextAsync());
            Assert.Equal(left, watch.Current.Entries.Count);
            _time.Advance(TimeSpan.FromMilliseconds(1_001));
        }
    }

    [Fact]
    public async Task A_lease_without_time_is_refused() =>
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(async () => await Store.GrantLeaseAsync(TimeSpan.Zero, CancellationToken.None));
}
