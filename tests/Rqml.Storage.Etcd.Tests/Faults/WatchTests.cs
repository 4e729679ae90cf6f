using Microsoft.Extensions.Logging.Abstractions;
using Rqml.Cluster;
using Rqml.RealEtcd;
using Rqml.Storage.Etcd.Calls;
using Rqml.Storage.Etcd.Endpoints;
using Rqml.Storage.Etcd.Protocol;
using Rqml.Storage.Etcd.Reads;
using Rqml.Storage.Etcd.Tests.Servers;
using Rqml.Storage.Etcd.Watches;

namespace Rqml.Storage.Etcd.Tests.Faults;

/// <summary>Watches over servers that end, forget their history, or fall silent: the last change is always shown.</summary>
public sealed class WatchTests : IAsyncLifetime
{
    private const int LimitMs = 60_000;
    private EtcdServers _servers = null!;
    private EtcdCoordinationStore _writer = null!;

    public async Task InitializeAsync()
    {
        _servers = await EtcdServers.StartAsync();
        _writer = _servers.Open();
    }

    public async Task DisposeAsync()
    {
        await _writer.DisposeAsync();
        await _servers.DisposeAsync();
    }

    [Fact(Timeout = LimitMs)]
    public async Task A_watch_goes_on_across_restarts_of_the_server()
    {
        await using var store = _servers.Open();
        await using var watch = store.Watch("/w/", CancellationToken.None).GetAsyncEnumerator();
        Assert.True(await watch.MoveNextAsync());
        for (var round = 1; round <= 3; round++)
        {
            await PutAsync($"before {round}");
            await _servers.Members[0].KillAsync();
            _servers.Members[0].Start();
            await _servers.AnswersAsync();
            await PutAsync($"after {round}");
            await ShowsAsync(watch, $"after {round}");
        }
    }

    [Fact(Timeout = LimitMs)]
    public async Task A_watch_goes_on_while_history_is_compacted_under_it()
    {
        using var operators = new Operator(_servers);
        await using var store = _servers.Open();
        await using var watch = store.Watch("/w/", CancellationToken.None).GetAsyncEnumerator();
        Assert.True(await watch.MoveNextAsync());
        for (var round = 1; round <= 20; round++)
        {
            for (var i = 0; i < 20; i++) await PutAsync($"{round}/{i}");
            await operators.CompactAsync((await _writer.ReadAsync("/w/", CancellationToken.None)).Revision);
        }

        await ShowsAsync(watch, "20/19");
    }

    /// <summary>What etcd says to a watch that begins before its history does; what ours makes of it: <c>LyingServerTests</c>.</summary>
    [Fact(Timeout = LimitMs)]
    public async Task A_watch_from_before_the_history_is_told_so()
    {
        for (var i = 0; i < 5; i++) await PutAsync($"{i}");
        using var operators = new Operator(_servers);
        await operators.CompactAsync(4);
        var parts = await FollowAsync(from: 2, part => part.Canceled);
        Assert.Equal(4, parts[^1].CompactRevision);
    }

    /// <summary>How etcd says a history that is longer than any message.</summary>
    [Fact(Timeout = LimitMs)]
    public async Task A_long_history_comes_in_parts_that_are_not_too_long()
    {
        for (var i = 0; i < 6; i++) await _writer.CommitAsync(new CoordinationTransaction([], [.. Enumerable.Range(0, 12).Select(key => new Change.Put($"/w/{key}", new byte[100 << 10]))]), CancellationToken.None);
        var last = await _writer.ReadAsync("/w/", CancellationToken.None);
        var parts = await FollowAsync(from: 2, part => part.Events is [.., { Kv.ModRevision: var revision }] && revision == last.Revision && !part.Fragment);
        Assert.Contains(parts, part => part.Fragment);
        var range = KeyRange.OfPrefix("/w/");
        var state = PrefixState.Of(new CoordinationSnapshot(1, [])).After([.. parts.SelectMany(part => part.Events)], range);
        Assert.True(state.HoldsTheSameAs(PrefixState.Of(last)));
    }

    [Fact(Timeout = LimitMs)]
    public async Task A_connection_that_fell_silent_is_noticed_and_left()
    {
        await using var detour = Detour.To(_servers);
        await using var store = _servers.Open(options => (options.Endpoints, options.RequestTimeout) = ($"{detour.Endpoints},{options.Endpoints}", TimeSpan.FromSeconds(1)));
        await using var watch = store.Watch("/w/", CancellationToken.None).GetAsyncEnumerator();
        Assert.True(await watch.MoveNextAsync());
        await PutAsync("seen");
        await ShowsAsync(watch, "seen");
        detour.SwallowAll();
        await PutAsync("swallowed");
        await ShowsAsync(watch, "swallowed");      // a ping asks after 6 s, and waits for 3
    }

    [Fact(Timeout = LimitMs)]
    public async Task What_a_silent_stream_did_not_tell_is_found_by_reading_again()
    {
        await using var detour = Detour.To(_servers);
        await using var store = _servers.Open(options => (options.Endpoints, options.RelistEvery) = (detour.Endpoints, TimeSpan.FromSeconds(2)));
        await using var watch = store.Watch("/w/", CancellationToken.None).GetAsyncEnumerator();
        Assert.True(await watch.MoveNextAsync());
        detour.SwallowAnswers();
        await PutAsync("untold");
        await Task.Delay(500);
        detour.GoOn();      // the same connection: nobody will ever tell
        await ShowsAsync(watch, "untold");
    }

    [Fact(Timeout = LimitMs)]
    public async Task An_outage_that_lasts_is_told_and_a_new_watch_begins_after_it()
    {
        await using var store = _servers.Open();
        await using var watch = store.Watch("/w/", CancellationToken.None).GetAsyncEnumerator();
        Assert.True(await watch.MoveNextAsync());
        await _servers.Members[0].KillAsync();
        await Assert.ThrowsAsync<CoordinationUnavailableException>(async () => await watch.MoveNextAsync());

        _servers.Members[0].Start();
        await _servers.AnswersAsync();
        await PutAsync("back");
        await using var again = store.Watch("/w/", CancellationToken.None).GetAsyncEnumerator();
        await ShowsAsync(again, "back");
    }

    /// <summary>etcd closes connections whose pings it finds too many: at the third that comes within 5 s of the one before.</summary>
    [Fact(Timeout = LimitMs)]
    public async Task A_watch_that_nobody_writes_to_is_left_alone()
    {
        await using var detour = Detour.To(_servers);
        await using var store = _servers.Open(options => options.Endpoints = detour.Endpoints);
        await using var watch = store.Watch("/w/", CancellationToken.None).GetAsyncEnumerator();
        Assert.True(await watch.MoveNextAsync());
        var before = -1L;
        while (before != detour.CarriedBytes)      // what belongs to the beginning may still be on its way
        {
            before = detour.CarriedBytes;
            await Task.Delay(TimeSpan.FromSeconds(1));
        }

        await Task.Delay(TimeSpan.FromSeconds(32));
        Assert.InRange(detour.CarriedBytes - before, 3 * 2 * 17, 12 * 2 * 17);      // a ping has 17 bytes, and so has its answer; four as a rule, as the client looks now and then
        await PutAsync("at last");
        await ShowsAsync(watch, "at last");
        Assert.Equal(1, detour.Connections);
    }

    [Fact(Timeout = LimitMs)]
    public async Task Nothing_is_shown_where_nothing_has_changed()
    {
        await PutAsync("only");
        await using var store = _servers.Open(options => options.RelistEvery = TimeSpan.FromMilliseconds(300));
        await using var watch = store.Watch("/w/", CancellationToken.None).GetAsyncEnumerator();
        await ShowsAsync(watch, "only");
        var next = watch.MoveNextAsync().AsTask();
        await _writer.CommitAsync(new CoordinationTransaction([], [new Change.Put("/elsewhere", default)]), CancellationToken.None);
        await Task.Delay(1_500);
        Assert.False(next.IsCompleted);
        await PutAsync("more");
        Assert.True(await next);
        Assert.Equal("more", Value(watch.Current));
    }

    [Fact(Timeout = LimitMs)]
    public async Task Keys_that_are_no_text_are_passed_over()
    {
        using var operators = new Operator(_servers);
        await operators.PutAsync([.. "/w/"u8, 0xFF, 0xFE]);
        await using var watch = _writer.Watch("/w/", CancellationToken.None).GetAsyncEnumerator();
        Assert.True(await watch.MoveNextAsync());
        Assert.Empty(watch.Current.Entries);
        await operators.PutAsync([.. "/w/"u8, 0xFF, 0xFD]);
        await PutAsync("text");
        await ShowsAsync(watch, "text");
        Assert.Single((await _writer.ReadAsync("/w/", CancellationToken.None)).Entries);
        await Assert.ThrowsAnyAsync<ArgumentException>(async () => await _writer.ReadAsync("/w/\uD800", CancellationToken.None));
    }

    /// <summary>The parts of a stream, as they come, up to one.</summary>
    private async Task<IReadOnlyList<WatchResponse>> FollowAsync(long from, Predicate<WatchResponse> isLast)
    {
        using var credentials = Credentials.Read(_servers.Options());
        var endpoints = new EndpointSet(_servers.Options(), credentials, TimeProvider.System, NullLogger.Instance);
        var client = new EtcdClient("etcd", endpoints, TimeSpan.FromSeconds(5), TimeProvider.System, CancellationToken.None);
        using var stream = await client.OpenWatchAsync(endpoints.Current, CancellationToken.None);
        var range = KeyRange.OfPrefix("/w/");
        await stream.CreateAsync(new WatchCreateRequest { Key = range.First, RangeEnd = range.End, StartRevision = from, Fragment = true }, CancellationToken.None);
        var parts = new List<WatchResponse>();
        while (parts.Count == 0 || !isLast(parts[^1])) parts.Add((await stream.NextAsync(CancellationToken.None))!);
        endpoints.Close();
        return parts;
    }

    private async Task PutAsync(string value)
    {
        for (var tries = 40; ; tries--)
        {
            try
            {
                await _writer.CommitAsync(new CoordinationTransaction([], [new Change.Put("/w/a", System.Text.Encoding.UTF8.GetBytes(value))]), CancellationToken.None);
                return;
            }
            catch (CoordinationUnavailableException) when (tries > 0)
            {
                await Task.Delay(50);
            }
        }
    }

    private static async Task ShowsAsync(IAsyncEnumerator<CoordinationSnapshot> watch, string value)
    {
        do
        {
            Assert.True(await watch.MoveNextAsync(), "The watch has ended.");
        }
        while (Value(watch.Current) != value);
    }

    private static string? Value(CoordinationSnapshot snapshot) => snapshot.Find("/w/a") is { } entry ? System.Text.Encoding.UTF8.GetString(entry.Value.Span) : null;
}
