using Rqml.Hosting;
using Rqml.RealEtcd;

namespace Rqml.Storage.Etcd.Tests.Hosts;

/// <summary>Two processes that live, and were given one node name.</summary>
public sealed class NodeNameTests(NodeNameTests.Servers servers) : IClassFixture<NodeNameTests.Servers>
{
    private const int LimitMs = 60_000;

    [Fact(Timeout = LimitMs)]
    public async Task Of_two_hosts_with_one_name_the_later_one_stays_and_the_earlier_one_stops_and_says_why()
    {
        await using var earlier = await StartAsync("leaders", "same");
        await earlier.UntilLeadsAsync();
        await earlier.ConvergesAsync();
        await using var later = await StartAsync("leaders", "same");

        await earlier.UntilSaidAsync("Critical 1001");
        Assert.Equal(1, earlier.Said("NodeNameTakenException Node 'same' runs at tcp://127.0.0.1:"));
        await Assert.ThrowsAsync<LedgerLostException>(async () => await earlier.Client.SubmitAsync(ClusterHost.Halves, 8));
        await later.ConvergesAsync();
        Assert.Equal(0, later.Said("Critical 1001"));
        Assert.Equal((1, 1), (earlier.Said("Information 2101"), later.Said("Information 2101")));      // each led once: neither takes the lead from the other again and again
    }

    [Fact(Timeout = LimitMs)]
    public async Task Where_both_only_work_the_later_one_gets_the_tasks_and_none_is_lost()
    {
        await using var leading = await StartAsync("workers", "leading", NodeRoles.Client | NodeRoles.Scheduler);
        await using var earlier = await StartAsync("workers", "same", NodeRoles.Worker);
        await leading.ConvergesAsync();
        await using var later = await StartAsync("workers", "same", NodeRoles.Worker);

        await earlier.UntilSaidAsync("Critical 1001");
        Assert.Equal(1, earlier.Said("NodeNameTakenException"));
        for (var tasks = 0; tasks < 20; tasks++) await leading.ConvergesAsync();
        Assert.Equal(0, later.Said("Critical 1001"));
    }

    [Fact(Timeout = LimitMs)]
    public async Task Hosts_that_only_submit_may_have_one_name()
    {
        await using var leading = await StartAsync("submitters", "leading", NodeRoles.Worker | NodeRoles.Scheduler);
        await using var one = await StartAsync("submitters", "same", NodeRoles.Client);
        await using var other = await StartAsync("submitters", "same", NodeRoles.Client);
        for (var tasks = 0; tasks < 20; tasks++) await Task.WhenAll(one.ConvergesAsync(), other.ConvergesAsync());
        Assert.Equal((0, 0), (one.Said("Critical 1001"), other.Said("Critical 1001")));
    }

    [Fact(Timeout = LimitMs)]
    public async Task A_name_is_free_again_when_its_host_has_stopped()
    {
        await using var other = await StartAsync("again", "other");
        await other.UntilLeadsAsync();
        for (var starts = 0; starts < 3; starts++)
        {
            await using var again = await StartAsync("again", "again");      // at another port each time
            await again.ConvergesAsync();
            Assert.Equal(0, again.Said("Critical 1001"));
        }
    }

    private Task<ClusterHost> StartAsync(string cluster, string node, NodeRoles roles = NodeRoles.All) => ClusterHost.StartAsync(
        node, servers.Running.Endpoints, rqml => rqml.AddTaskClass(ClusterHost.Halves, ClusterHost.HalfUntilOne).Roles(roles).Configure(options => options.Cluster = cluster));

    public sealed class Servers() : Contracts.RunningServers(() => EtcdServers.StartAsync());
}
