using System.Diagnostics;
using Rqml.Cluster;
using Xunit;

namespace Rqml.Testing.Contracts;

/// <summary>What every <see cref="ICoordinationStore"/> promises. Derive from it in a test project and say how a store is made and how its clock goes on.</summary>
public abstract class CoordinationStoreContract : IAsyncLifetime
{
    private static readonly TimeSpan StepLimit = TimeSpan.FromSeconds(30);
    private ICoordinationStore? _store;

    /// <summary>The store under test.</summary>
    protected ICoordinationStore Store => _store ?? throw new InvalidOperationException("There is no store yet.");

    /// <summary>What every key of the test begins with; stores that are shared with others give each test its own.</summary>
    protected virtual string Prefix => "/contract/";

    /// <summary>The time to live that the tests ask for.</summary>
    protected virtual TimeSpan TimeToLive => TimeSpan.FromSeconds(5);

    /// <summary>The longest that a lease may outlive its time to live.</summary>
    protected virtual TimeSpan MostOverdue => TimeSpan.FromSeconds(10);

    /// <summary>A new store; empty below <see cref="Prefix"/>.</summary>
    protected abstract ICoordinationStore Create();

    /// <summary>Lets the store's clock go on by so much.</summary>
    protected abstract Task PassAsync(TimeSpan time);

    /// <summary>Makes the store.</summary>
    public virtual Task InitializeAsync()
    {
        _store = Create();
        return Task.CompletedTask;
    }

    /// <summary>Closes the store.</summary>
    public virtual async Task DisposeAsync()
    {
        if (_store is not null) await _store.DisposeAsync();
        _store = null;
    }

    /// <summary>What is put is read, in key order, below its prefix and nowhere else.</summary>
    [Fact]
    public async Task Entries_are_read_by_prefix_and_in_key_order()
    {
        foreach (var key in (string[])["b/2", "a", "b/1", "b", "c", "b/10"]) await PutAsync(key, key);

        Assert.Equal(["b/1", "b/10", "b/2"], await KeysAsync("b/"));
        Assert.Equal(["a", "b", "b/1", "b/10", "b/2", "c"], await KeysAsync(""));
        Assert.Empty(await KeysAsync("d"));
        Assert.Equal("b/10", await ValueAsync("b/10"));
    }

    /// <summary>Every change has a revision of its own, greater than all before; a read says as of which one it is.</summary>
    [Fact]
    public async Task Revisions_grow_with_every_change()
    {
        var before = (await ReadAsync()).Revision;
        var first = (await PutAsync("a", "1")).Revision;
        var second = (await PutAsync("b", "1")).Revision;
        var third = (await CommitAsync([], [new Change.Delete(Prefix + "a")])).Revision;

        Assert.True(before < first && first < second && second < third, $"{before}, {first}, {second}, {third} do not grow");
        Assert.True((await ReadAsync()).Revision >= third);
    }

    /// <summary>A key keeps the revision that created it until it is deleted; the revision of its last write moves with each.</summary>
    [Fact]
    public async Task A_key_knows_when_it_was_created_and_when_it_was_last_written()
    {
        var created = (await PutAsync("a", "1")).Revision;
        await PutAsync("other", "1");
        var written = (await PutAsync("a", "1")).Revision;
        var entry = await FindAsync("a");
        Assert.Equal((created, written), (entry!.CreatedRevision, entry.ModifiedRevision));

        await CommitAsync([], [new Change.Delete(Prefix + "a")]);
        var again = (await PutAsync("a", "1")).Revision;
        entry = await FindAsync("a");
        Assert.Equal((again, again), (entry!.CreatedRevision, entry.ModifiedRevision));
    }

    /// <summary>All changes of a transaction come at one revision.</summary>
    [Fact]
    public async Task A_transaction_is_applied_at_one_revision()
    {
        await PutAsync("gone", "1");
        var result = await CommitAsync([], [Put("a", "1"), Put("b", "2"), new Change.Delete(Prefix + "gone"), new Change.Delete(Prefix + "never there")]);
        var entries = (await ReadAsync()).Entries;

        Assert.True(result.Succeeded);
        Assert.Equal(2, entries.Count);
        Assert.All(entries, entry => Assert.Equal(result.Revision, entry.ModifiedRevision));
    }

    /// <summary>Each kind of compare holds exactly where it says so.</summary>
    [Fact]
    public async Task Each_compare_holds_where_it_says()
    {
        var revision = (await PutAsync("a", "1")).Revision;
        var (here, gone) = (Prefix + "a", Prefix + "b");

        Assert.True(await HoldsAsync(new Compare.Absent(gone)));
        Assert.False(await HoldsAsync(new Compare.Absent(here)));
        Assert.True(await HoldsAsync(new Compare.ModifiedAt(here, revision)));
        Assert.False(await HoldsAsync(new Compare.ModifiedAt(here, revision - 1)));
        Assert.False(await HoldsAsync(new Compare.ModifiedAt(here, revision + 1)));
        Assert.False(await HoldsAsync(new Compare.ModifiedAt(gone, revision)));
        Assert.False(await HoldsAsync(new Compare.ModifiedAt(gone, 0)));
        Assert.True(await HoldsAsync(new Compare.Holds(here, Bytes("1"))));
        Assert.False(await HoldsAsync(new Compare.Holds(here, Bytes("2"))));
        Assert.False(await HoldsAsync(new Compare.Holds(here, Bytes("10"))));
        Assert.False(await HoldsAsync(new Compare.Holds(here, default)));
        Assert.False(await HoldsAsync(new Compare.Holds(gone, default)));
        await PutAsync("empty", "");
        Assert.True(await HoldsAsync(new Compare.Holds(Prefix + "empty", default)));
    }

    /// <summary>Where one compare does not hold nothing is applied, and no revision is used.</summary>
    [Fact]
    public async Task A_transaction_whose_compare_fails_changes_nothing()
    {
        await PutAsync("a", "1");
        var before = await ReadAsync();
        var result = await CommitAsync([new Compare.Absent(Prefix + "b"), new Compare.Absent(Prefix + "a")], [Put("a", "2"), Put("b", "2")]);

        Assert.False(result.Succeeded);
        Assert.Equal("1", await ValueAsync("a"));
        Assert.Null(await FindAsync("b"));
        Assert.Equal(before.Entries[0].ModifiedRevision, (await FindAsync("a"))!.ModifiedRevision);
    }

    /// <summary>Of many that compare and write the same key at the same time, exactly one wins, in each round.</summary>
    [Fact]
    public async Task Of_concurrent_compare_and_swaps_exactly_one_wins()
    {
        var revision = (await PutAsync("a", "start")).Revision;
        for (var round = 0; round < 25; round++)
        {
            var swaps = Enumerable.Range(0, 8).Select(i => Task.Run(() => CommitAsync([new Compare.ModifiedAt(Prefix + "a", revision)], [Put("a", $"{round}/{i}")])));
            var results = await Step("the swaps", Task.WhenAll(swaps));
            var winner = Assert.Single(results.Index(), result => result.Item.Succeeded);

            Assert.Equal($"{round}/{winner.Index}", await ValueAsync("a"));
            revision = winner.Item.Revision;
        }
    }

    /// <summary>What no store takes is refused with the limit in the message, before anything is applied.</summary>
    [Fact]
    public async Task What_is_over_a_limit_is_refused()
    {
        await RefusedAsync("128", [.. Enumerable.Range(0, 129).Select(i => Put($"{i}", "1"))]);
        await RefusedAsync("twice", [Put("a", "1"), new Change.Delete(Prefix + "a")]);
        await RefusedAsync("1024", [new Change.Delete("")]);
        await RefusedAsync("1024", [new Change.Put(Prefix + new string('x', 1_025), default)]);
        await RefusedAsync("1048576", [Put("b", "1"), new Change.Put(Prefix + "a", new byte[(1 << 20) + 1])]);
        await RefusedAsync("1310720", [.. Enumerable.Range(0, 2).Select(i => new Change.Put($"{Prefix}{i}", new byte[640 << 10]))]);
        Compare[] compares = [.. Enumerable.Range(0, 129).Select(i => new Compare.Absent($"{Prefix}absent/{i}"))];
        await RefusedAsync("128", [Put("a", "1")], compares);
        Assert.Empty((await ReadAsync()).Entries);

        Assert.True((await CommitAsync([], [.. Enumerable.Range(0, 128).Select(i => Put($"{i}", "1"))])).Succeeded);
        Assert.True((await CommitAsync([], [new Change.Put(Prefix + "long", new byte[1 << 20])])).Succeeded);
        Assert.True((await CommitAsync(compares[..128], [new Change.Put(Prefix + "long", new byte[1 << 20]), new Change.Put(Prefix + "longer", new byte[200 << 10])])).Succeeded);
    }

    /// <summary>A prefix that holds more than any one message is read whole, and as of one revision.</summary>
    [Fact]
    public async Task Thousands_of_entries_and_long_ones_are_read_whole()
    {
        for (var batch = 0; batch < 20; batch++) await CommitAsync([], [.. Enumerable.Range(batch * 128, 128).Select(i => Put($"many/{i:d5}", $"{i}"))]);
        for (var i = 0; i < 6; i++) await CommitAsync([], [new Change.Put($"{Prefix}many/long/{i}", Enumerable.Repeat((byte)i, 1 << 20).ToArray())]);
        var read = await ReadAsync("many/");

        Assert.Equal(20 * 128 + 6, read.Entries.Count);
        Assert.Equal(Enumerable.Range(0, 20 * 128).Select(i => $"{i}"), read.Entries.Take(20 * 128).Select(entry => System.Text.Encoding.UTF8.GetString(entry.Value.Span)));
        Assert.All(read.Entries.Skip(20 * 128).Index(), entry => Assert.True(entry.Item.Value.Length == 1 << 20 && !entry.Item.Value.Span.ContainsAnyExcept((byte)entry.Index)));
        Assert.All(read.Entries, entry => Assert.True(entry.ModifiedRevision <= read.Revision));
    }

    /// <summary>A key may be of any characters, and their order is that of their code units.</summary>
    [Fact]
    public async Task A_key_may_be_of_any_characters()
    {
        string[] keys = ["\u0001", " ", "A", "a", "é", "z\u0301", "中", "\uE000", "\uFFFD", "😀", "\U0010FFFF"];
        foreach (var key in keys) await PutAsync("any/" + key, key);

        Assert.Equal(keys.Order(StringComparer.Ordinal), (await KeysAsync("any/")).Select(key => key[4..]));
        Assert.Equal(["any/😀"], await KeysAsync("any/😀"));
    }

    /// <summary>The caller's buffer is the caller's again once the commit has returned.</summary>
    [Fact]
    public async Task Values_are_copied()
    {
        var buffer = Bytes("before");
        await CommitAsync([], [new Change.Put(Prefix + "a", buffer)]);
        buffer.AsSpan().Fill((byte)'x');

        Assert.Equal("before", await ValueAsync("a"));
    }

    /// <summary>A lease lives as long as it was granted for, and its keys with it; not much longer, and others not at all shorter.</summary>
    [Fact]
    public async Task Keys_vanish_with_their_lease_and_not_before()
    {
        await PutAsync("free", "1");
        var revision = 0L;
        await InTimeAsync(async (lease, isInTime) =>
        {
            var found = await FindAsync("leased");
            revision = (await ReadAsync()).Revision;
            await PassAsync(TimeToLive * 0.9);
            var keys = await KeysAsync("");
            if (!isInTime()) return false;
            Assert.Equal(lease, found!.Lease);
            Assert.Equal(["free", "leased"], keys);
            return true;
        });

        await PassAsync(TimeToLive * 0.1 + MostOverdue);
        Assert.Equal(["free"], await KeysAsync(""));
        Assert.True((await ReadAsync()).Revision > revision);
    }

    /// <summary>A renewed lease lives for its whole time again.</summary>
    [Fact]
    public async Task A_renewed_lease_begins_anew()
    {
        var renewed = default(LeaseId);
        await InTimeAsync(async (lease, isInTime) =>
        {
            renewed = lease;
            for (var i = 0; i < 4; i++)
            {
                await PassAsync(TimeToLive * 0.8);
                var began = Stopwatch.GetTimestamp();
                var isRenewed = await Store.RenewLeaseAsync(lease, CancellationToken.None);
                if (!isInTime()) return false;
                Assert.True(isRenewed);
                isInTime = () => IsInTime(began);
            }

            var keys = await KeysAsync("");
            if (!isInTime()) return false;
            Assert.Equal(["leased"], keys);
            return true;
        });

        await PassAsync(TimeToLive + MostOverdue);
        Assert.Empty(await KeysAsync(""));
        Assert.False(await Store.RenewLeaseAsync(renewed, CancellationToken.None));
    }

    /// <summary>A revoked lease is gone at once, with all its keys at one revision; revoking it again is harmless.</summary>
    [Fact]
    public async Task A_revoked_lease_takes_its_keys_along()
    {
        var lease = await GrantAsync();
        var other = await GrantAsync();
        await CommitAsync([], [Put("a", "1", lease), Put("b", "1", lease), Put("c", "1", other)]);
        await Store.RevokeLeaseAsync(lease, CancellationToken.None);
        await Store.RevokeLeaseAsync(lease, CancellationToken.None);

        Assert.Equal(["c"], await KeysAsync(""));
        Assert.False(await Store.RenewLeaseAsync(lease, CancellationToken.None));
        Assert.True(await Store.RenewLeaseAsync(other, CancellationToken.None));
    }

    /// <summary>A key belongs to the lease of its last write only.</summary>
    [Fact]
    public async Task A_key_leaves_its_lease_when_it_is_written_without_it()
    {
        var first = await GrantAsync();
        var second = await GrantAsync();
        await CommitAsync([], [Put("freed", "1", first), Put("moved", "1", first), Put("deleted", "1", first)]);
        await CommitAsync([], [Put("freed", "2"), Put("moved", "2", second), new Change.Delete(Prefix + "deleted")]);
        await PutAsync("deleted", "again");
        await Store.RevokeLeaseAsync(first, CancellationToken.None);

        Assert.Equal(["deleted", "freed", "moved"], await KeysAsync(""));
        await Store.RevokeLeaseAsync(second, CancellationToken.None);
        Assert.Equal(["deleted", "freed"], await KeysAsync(""));
    }

    /// <summary>A put under a lease that is gone, or never was, applies nothing at all.</summary>
    [Fact]
    public async Task A_put_under_a_lease_that_is_gone_is_refused()
    {
        var lease = await GrantAsync();
        await Store.RevokeLeaseAsync(lease, CancellationToken.None);
        var error = await Assert.ThrowsAsync<LeaseGoneException>(() => CommitAsync([], [Put("a", "1"), Put("b", "1", lease)]));

        Assert.Equal(lease, error.Lease);
        var other = await GrantAsync();
        error = await Assert.ThrowsAsync<LeaseGoneException>(() => CommitAsync([], [Put("a", "1", other), Put("b", "1", lease), Put("c", "1", other)]));
        Assert.Equal(lease, error.Lease);
        var never = new LeaseId(0x7E57);
        await Assert.ThrowsAsync<LeaseGoneException>(() => CommitAsync([], [Put("a", "1", never)]));
        Assert.False(await Store.RenewLeaseAsync(never, CancellationToken.None));
        Assert.Empty(await KeysAsync(""));
    }

    /// <summary>A watch shows what is there at once, and again what is there after each change, by whoever and whatever.</summary>
    [Fact]
    public async Task A_watch_shows_what_is_there_now_and_after_each_change()
    {
        await PutAsync("w/a", "1");
        var lease = await GrantAsync();
        await using var watch = Watch("w/");
        Assert.Equal(["a=1"], await NextAsync(watch, _ => true));
        await PutAsync("w/b", "2", lease);
        Assert.Equal(["a=1", "b=2"], await NextAsync(watch, entries => entries.Count == 2));
        await PutAsync("w/a", "3");
        Assert.Equal(["a=3", "b=2"], await NextAsync(watch, entries => entries[0] == "a=3"));
        await CommitAsync([], [new Change.Delete(Prefix + "w/a")]);
        Assert.Equal(["b=2"], await NextAsync(watch, entries => entries.Count == 1));
        await Store.RevokeLeaseAsync(lease, CancellationToken.None);

        Assert.Empty(await NextAsync(watch, entries => entries.Count == 0));
    }

    /// <summary>A watch of nothing shows that at once.</summary>
    [Fact]
    public async Task A_watch_of_nothing_shows_nothing_at_once()
    {
        await using var watch = Watch("nothing/");

        Assert.Empty(await NextAsync(watch, _ => true));
    }

    /// <summary>However slowly a watch is read and however fast changes come, its revisions grow and the last state is shown.</summary>
    [Fact]
    public async Task A_slow_watch_never_misses_the_last_state()
    {
        await using var watch = Watch("w/");
        var writing = Task.Run(async () =>
        {
            for (var i = 1; i <= 300; i++) await PutAsync("w/a", $"{i}");
        });
        long revision = -1;
        while (true)
        {
            Assert.True(await Step("a snapshot", watch.MoveNextAsync().AsTask()));
            Assert.True(watch.Current.Revision >= revision, "a watch went back");
            revision = watch.Current.Revision;
            if (watch.Current.Entries is [var entry] && System.Text.Encoding.UTF8.GetString(entry.Value.Span) == "300") break;
        }

        await writing;
    }

    /// <summary>Whatever a watch shows is what the prefix held at one revision: a transaction is there whole, or not at all.</summary>
    [Fact]
    public async Task A_watch_never_shows_half_a_transaction()
    {
        await using var watch = Watch("w/");
        Assert.Empty(await NextAsync(watch, _ => true));
        var writing = Task.Run(async () =>
        {
            for (var i = 1; i <= 50; i++) await CommitAsync([], [.. Enumerable.Range(0, 100).Select(key => Put($"w/{key:d3}", $"{i}"))]);
        });
        string last;
        do
        {
            var shown = await NextAsync(watch, _ => true);
            Assert.Equal(100, shown.Count);
            last = Assert.Single(shown.Select(entry => entry.Split('=')[1]).Distinct());
        }
        while (last != "50");
        await writing;
    }

    /// <summary>A lease that runs out while nobody asks is seen by a watch.</summary>
    [Fact]
    public async Task A_watch_sees_a_lease_run_out()
    {
        await PutAsync("w/a", "1", await GrantAsync());
        await using var watch = Watch("w/");
        Assert.Single(await NextAsync(watch, _ => true));
        await PassAsync(TimeToLive + MostOverdue);

        Assert.Empty(await NextAsync(watch, entries => entries.Count == 0));
    }

    /// <summary>Cancelling ends a watch that waits, and no other.</summary>
    [Fact]
    public async Task Cancelling_ends_a_watch()
    {
        using var source = new CancellationTokenSource();
        var watch = Store.Watch(Prefix + "w/", source.Token).GetAsyncEnumerator(CancellationToken.None);
        await using var other = Watch("w/");
        Assert.True(await Step("the first snapshot", watch.MoveNextAsync().AsTask()));
        Assert.Empty(await NextAsync(other, _ => true));
        var waiting = watch.MoveNextAsync().AsTask();
        await source.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Step("the end of the watch", waiting));
        await watch.DisposeAsync();
        await PutAsync("w/a", "1");
        Assert.Equal(["a=1"], await NextAsync(other, entries => entries.Count == 1));
    }

    /// <summary>A call whose token is cancelled already does nothing.</summary>
    [Fact]
    public async Task A_cancelled_call_does_nothing()
    {
        var cancelled = new CancellationToken(canceled: true);
        var transaction = new CoordinationTransaction([], [Put("a", "1")]);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await Store.CommitAsync(transaction, cancelled));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await Store.ReadAsync(Prefix, cancelled));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await Store.GrantLeaseAsync(TimeToLive, cancelled));
        Assert.Empty(await KeysAsync(""));
    }

    /// <summary>Disposing the store ends its watches, and every later call says that it is closed.</summary>
    [Fact]
    public async Task Disposing_ends_watches_and_every_later_call()
    {
        await using var watch = Watch("w/");
        Assert.True(await Step("the first snapshot", watch.MoveNextAsync().AsTask()));
        var waiting = watch.MoveNextAsync().AsTask();
        var store = Store;
        await store.DisposeAsync();

        Assert.False(await Step("the end of the watch", waiting));
        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await store.ReadAsync(Prefix, CancellationToken.None));
        await Assert.ThrowsAsync<ObjectDisposedException>(() => CommitAsync([], [Put("a", "1")]));
        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await store.GrantLeaseAsync(TimeToLive, CancellationToken.None));
    }

    private async Task RefusedAsync(string limit, Change[] changes, Compare[]? compares = null)
    {
        var error = await Assert.ThrowsAsync<ArgumentException>(() => CommitAsync(compares ?? [], changes));
        Assert.Contains(limit, error.Message, StringComparison.Ordinal);
    }

    private async Task<bool> HoldsAsync(Compare compare) => (await CommitAsync([compare], [])).Succeeded;

    private Task<TransactionResult> PutAsync(string key, string value, LeaseId lease = default) => CommitAsync([], [Put(key, value, lease)]);

    private Change.Put Put(string key, string value, LeaseId lease = default) => new(Prefix + key, Bytes(value), lease);

    private async Task<TransactionResult> CommitAsync(Compare[] compares, Change[] changes) => await Store.CommitAsync(new CoordinationTransaction(compares, changes), CancellationToken.None);

    /// <summary>
    /// Grants a lease, with a key of its own, and looks at what becomes of it while it lives for certain: where the machine was held up for longer than that by real time, nothing
    /// can be said, and it is tried once more with another lease.
    /// </summary>
    private async Task InTimeAsync(Func<LeaseId, Func<bool>, Task<bool>> look)
    {
        for (var tries = 0; tries < 5; tries++)
        {
            var began = Stopwatch.GetTimestamp();
            var lease = await GrantAsync();
            await PutAsync("leased", "1", lease);
            if (await look(lease, () => IsInTime(began))) return;
            await Store.RevokeLeaseAsync(lease, CancellationToken.None);
        }

        Assert.Fail("The machine was held up each time for longer than a lease lives.");
    }

    private bool IsInTime(long began) => Stopwatch.GetElapsedTime(began) < TimeToLive;

    private async Task<LeaseId> GrantAsync() => await Store.GrantLeaseAsync(TimeToLive, CancellationToken.None);

    private async Task<CoordinationSnapshot> ReadAsync(string prefix = "") => await Store.ReadAsync(Prefix + prefix, CancellationToken.None);

    private async Task<CoordinationEntry?> FindAsync(string key) => (await ReadAsync()).Find(Prefix + key);

    private async Task<string?> ValueAsync(string key) => await FindAsync(key) is { } entry ? System.Text.Encoding.UTF8.GetString(entry.Value.Span) : null;

    private async Task<IReadOnlyList<string>> KeysAsync(string prefix) => [.. (await ReadAsync(prefix)).Entries.Select(entry => entry.Key[Prefix.Length..])];

    private IAsyncEnumerator<CoordinationSnapshot> Watch(string prefix) => Store.Watch(Prefix + prefix, CancellationToken.None).GetAsyncEnumerator(CancellationToken.None);

    /// <summary>The entries of the next snapshot that is looked for: several changes may come as one, and one as several.</summary>
    private async Task<IReadOnlyList<string>> NextAsync(IAsyncEnumerator<CoordinationSnapshot> watch, Predicate<IReadOnlyList<string>> isLookedFor)
    {
        while (await Step("a snapshot", watch.MoveNextAsync().AsTask()))
        {
            List<string> entries = [.. watch.Current.Entries.Select(entry => $"{entry.Key[(Prefix.Length + 2)..]}={System.Text.Encoding.UTF8.GetString(entry.Value.Span)}")];
            if (isLookedFor(entries)) return entries;
        }

        throw new InvalidOperationException("The watch ended.");
    }

    private static async Task<T> Step<T>(string step, Task<T> task)
    {
        try
        {
            return await task.WaitAsync(StepLimit);
        }
        catch (TimeoutException)
        {
            throw new TimeoutException($"'{step}' did not come within {StepLimit.TotalSeconds} s.");
        }
    }

    private static byte[] Bytes(string text) => System.Text.Encoding.UTF8.GetBytes(text);
}
