using Rqml.Cluster;
using Rqml.FaultProxy;
using Rqml.RealEtcd;
using Rqml.Storage.Etcd.Tests.Servers;

namespace Rqml.Storage.Etcd.Tests.Faults;

/// <summary>Servers that are not there, not there any more, or silent.</summary>
public sealed class OutageTests(OutageTests.Servers servers) : IClassFixture<OutageTests.Servers>
{
    private const int LimitMs = 60_000;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);      // three servers on a busy machine take longer than half a second to agree, again and again

    [Fact(Timeout = LimitMs)]
    public async Task A_wrong_address_is_named()
    {
        var address = $"http://127.0.0.1:{FreePort.Next()}";
        await using var store = new EtcdCoordinationStore(new EtcdOptions { Endpoints = address });
        foreach (var call in Calls(store))
        {
            var error = await Assert.ThrowsAsync<CoordinationUnavailableException>(call);
            Assert.Equal(($"etcd at {address}", $"{address}: nobody listens there"), (error.Store, error.Cause));
        }
    }

    [Fact(Timeout = LimitMs)]
    public async Task Whoever_does_not_take_the_connection_is_given_up()
    {
        await using var store = new EtcdCoordinationStore(new EtcdOptions { Endpoints = "http://192.0.2.1:2379", AllowPlaintext = true, ConnectTimeout = TimeSpan.FromMilliseconds(200) });
        var error = await Assert.ThrowsAsync<CoordinationUnavailableException>(() => PutAsync(store, "/a", "1"));
        Assert.StartsWith("http://192.0.2.1:2379: ", error.Cause, StringComparison.Ordinal);
    }

    [Fact(Timeout = LimitMs)]
    public async Task The_first_endpoint_may_be_dead()
    {
        await using var store = servers.Running.Open(options => options.Endpoints = $"http://127.0.0.1:{FreePort.Next()},{options.Endpoints}");
        await PutAsync(store, "/first/a", "1");      // a change, though nothing is known of the endpoints yet
        var lease = await store.GrantLeaseAsync(TimeSpan.FromSeconds(5), CancellationToken.None);
        Assert.True(await store.RenewLeaseAsync(lease, CancellationToken.None));
        Assert.Single((await store.ReadAsync("/first/", CancellationToken.None)).Entries);
        await foreach (var snapshot in store.Watch("/first/", CancellationToken.None))
        {
            Assert.Single(snapshot.Entries);
            break;
        }
    }

    [Fact(Timeout = LimitMs)]
    public async Task A_read_goes_to_the_next_member_where_one_is_silent_and_a_change_is_unknown()
    {
        var running = servers.Running;
        await using var store = running.Open(options => options.RequestTimeout = Patience);
        await PutAsync(store, "/silent/a", "1");
        running.Members[0].Pause();      // the first of the list, where the store is now
        try
        {
            var error = await Assert.ThrowsAsync<CoordinationUnavailableException>(() => PutAsync(store, "/silent/b", "2"));
            Assert.Contains("no answer within 2 s", error.Cause, StringComparison.Ordinal);
            await UntilAsync(() => PutAsync(store, "/silent/b", "3"));      // it has moved on; the others may have to elect a leader
        }
        finally
        {
            running.Members[0].Resume();
        }

        await using var fresh = running.Open(options => options.RequestTimeout = Patience);
        running.Members[0].Pause();
        try
        {
            await UntilAsync(async () => Assert.Equal(2, (await fresh.ReadAsync("/silent/", CancellationToken.None)).Entries.Count));
        }
        finally
        {
            running.Members[0].Resume();
            await running.AnswersAsync();
        }
    }

    [Fact(Timeout = LimitMs)]
    public async Task A_restarted_server_is_found_again_without_the_caller_doing_anything()
    {
        await using var alone = await EtcdServers.StartAsync();
        await using var store = alone.Open();
        await PutAsync(store, "/a", "1");
        await alone.Members[0].KillAsync();
        await Assert.ThrowsAsync<CoordinationUnavailableException>(() => PutAsync(store, "/a", "2"));
        alone.Members[0].Start();
        await alone.AnswersAsync();
        await PutAsync(store, "/a", "3");
        Assert.Equal(3, (await store.ReadAsync("/a", CancellationToken.None)).Revision);
    }

    [Fact(Timeout = LimitMs)]
    public async Task A_swallowed_connection_costs_one_call()
    {
        await using var detour = Detour.To(servers.Running);
        await using var store = servers.Running.Open(options => (options.Endpoints, options.RequestTimeout) = (detour.Addresses[0], Patience));
        await UntilAsync(() => PutAsync(store, "/swallowed/a", "1"));
        var connections = detour.Connections;
        detour.SwallowAll();
        await Assert.ThrowsAsync<CoordinationUnavailableException>(() => PutAsync(store, "/swallowed/a", "2"));
        detour.GoOn();      // the old connection stays as it is: neither end has heard that it is of no use
        await UntilAsync(() => PutAsync(store, "/swallowed/a", "3"));
        Assert.True(detour.Connections > connections, "an answer came over a connection that was swallowed");
    }

    /// <summary>It still has what it knew, however old. A transaction of compares alone it would answer from that, were it not for the read in ours.</summary>
    [Fact(Timeout = LimitMs)]
    public async Task A_member_that_has_lost_its_cluster_answers_nothing()
    {
        await using var three = await EtcdServers.StartAsync(members: 3);
        await using var store = three.Open(options => (options.Endpoints, options.RequestTimeout) = (three.Address(three.Ports[0]), Patience));
        await UntilAsync(() => PutAsync(store, "/lost/a", "1"));
        await using var watch = store.Watch("/lost/", CancellationToken.None).GetAsyncEnumerator();
        Assert.True(await watch.MoveNextAsync());
        foreach (var other in three.Members.Skip(1)) await other.KillAsync();

        await Assert.ThrowsAsync<CoordinationUnavailableException>(async () => await store.ReadAsync("/lost/", CancellationToken.None));
        var compare = new CoordinationTransaction([new Compare.Holds("/lost/a", "1"u8.ToArray())], []);
        await Assert.ThrowsAsync<CoordinationUnavailableException>(async () => await store.CommitAsync(compare, CancellationToken.None));
        await Assert.ThrowsAsync<CoordinationUnavailableException>(async () => await watch.MoveNextAsync());      // it is told that there is no leader any more
    }

    [Fact(Timeout = LimitMs)]
    public async Task A_cancelled_call_ends_at_once()
    {
        await using var detour = Detour.To(servers.Running);
        await using var store = servers.Running.Open(options => options.Endpoints = detour.Endpoints);
        await PutAsync(store, "/cancelled/a", "1");
        detour.Stall();
        using var source = new CancellationTokenSource();
        var call = store.CommitAsync(new CoordinationTransaction([], [new Change.Delete("/cancelled/a")]), source.Token).AsTask();
        await source.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call);
    }

    [Fact(Timeout = LimitMs)]
    public async Task Closing_the_store_ends_calls_that_wait()
    {
        await using var detour = Detour.To(servers.Running);
        var store = servers.Running.Open(options => options.Endpoints = detour.Endpoints);
        await PutAsync(store, "/closed/a", "1");
        detour.Stall();
        var call = PutAsync(store, "/closed/a", "2");
        await store.DisposeAsync();
        await store.DisposeAsync();
        await Assert.ThrowsAsync<ObjectDisposedException>(() => call);
    }

    [Fact(Timeout = LimitMs)]
    public async Task A_lease_that_ran_out_while_its_holder_stood_still_is_gone_with_its_keys()
    {
        await using var detour = Detour.To(servers.Running);
        await using var store = servers.Running.Open(options => (options.Endpoints, options.RequestTimeout) = (detour.Endpoints, TimeSpan.FromSeconds(30)));
        await using var other = servers.Running.Open();
        var lease = await store.GrantLeaseAsync(TimeSpan.FromSeconds(10), CancellationToken.None);
        var held = await store.CommitAsync(new CoordinationTransaction([], [new Change.Put("/paused/leader", default, lease)]), CancellationToken.None);
        await using var watch = store.Watch("/paused/", CancellationToken.None).GetAsyncEnumerator();
        Assert.True(await watch.MoveNextAsync());

        detour.Stall();      // to the store and its caller the same as being stopped: what they say and hear waits
        var renewal = store.RenewLeaseAsync(lease, CancellationToken.None).AsTask();
        await foreach (var snapshot in other.Watch("/paused/", CancellationToken.None)) if (snapshot.Entries.Count == 0) break;
        detour.GoOn();

        Assert.False(await renewal);
        Assert.True(await watch.MoveNextAsync());
        Assert.Empty(watch.Current.Entries);
        Assert.False((await store.CommitAsync(new CoordinationTransaction([new Compare.ModifiedAt("/paused/leader", held.Revision)], [new Change.Put("/paused/fence", default)]), CancellationToken.None)).Succeeded);
        var gone = await Assert.ThrowsAsync<LeaseGoneException>(async () => await store.CommitAsync(new CoordinationTransaction([], [new Change.Put("/paused/leader", default, lease)]), CancellationToken.None));
        Assert.Equal(lease, gone.Lease);
    }

    private static IEnumerable<Func<Task>> Calls(EtcdCoordinationStore store) =>
    [
        () => PutAsync(store, "/a", "1"),
        async () => await store.ReadAsync("/a", CancellationToken.None),
        async () => await store.GrantLeaseAsync(TimeSpan.FromSeconds(5), CancellationToken.None),
        async () => await store.RenewLeaseAsync(new LeaseId(5), CancellationToken.None),
        async () => await store.RevokeLeaseAsync(new LeaseId(5), CancellationToken.None),
    ];

    private static async Task PutAsync(EtcdCoordinationStore store, string key, string value) =>
        Assert.True((await store.CommitAsync(new CoordinationTransaction([], [new Change.Put(key, System.Text.Encoding.UTF8.GetBytes(value))]), CancellationToken.None)).Succeeded);

    private static async Task UntilAsync(Func<Task> call)
    {
        for (var tries = 40; ; tries--)
        {
            try
            {
                await call();
                return;
            }
            catch (CoordinationUnavailableException) when (tries > 0)
            {
                await Task.Delay(50);
            }
        }
    }

    public sealed class Servers() : Contracts.RunningServers(() => EtcdServers.StartAsync(members: 3));
}
