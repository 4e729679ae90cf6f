using Rqml.Hosting;
using Rqml.RealEtcd;

namespace Rqml.Storage.Etcd.Tests.Hosts;

/// <summary>Versions of a task class, of which not every node has each.</summary>
public sealed class ClassVersionTests(ClassVersionTests.Servers servers) : IClassFixture<ClassVersionTests.Servers>
{
    private const int LimitMs = 60_000;
    private static readonly TaskClass<double, double> Second = new("halves", version: 2);

    [Fact(Timeout = LimitMs)]
    public async Task A_task_of_a_version_that_no_node_serves_waits_is_told_of_and_runs_when_a_node_with_it_joins()
    {
        await using var old = await StartAsync("old", rqml => rqml.AddTaskClass(ClusterHost.Halves, ClusterHost.HalfUntilOne));
        await old.UntilLeadsAsync();
        await using var submitting = await StartAsync("submitting", rqml => rqml.AddTaskClass(Second, ClusterHost.HalfUntilOne).Roles(NodeRoles.Client));
        var task = await submitting.Client.SubmitAsync(Second, 8);

        await old.UntilSaidAsync("Warning 2120 No node runs version 2 of task class 'halves': tasks that wait for one: 1");
        await old.ConvergesAsync();      // it is in nobody's way
        Assert.False(task.Completion.IsCompleted);

        await using var both = await StartAsync("both", rqml => rqml.AddTaskClass(ClusterHost.Halves, ClusterHost.HalfUntilOne).AddTaskClass(Second, ClusterHost.HalfUntilOne));
        var result = await task.Completion;
        Assert.Equal((Outcome.Converged, "both"), (result.Outcome, result.Node?.Value));
        Assert.Equal(1, old.Said("Warning 2120"));
    }

    private Task<ClusterHost> StartAsync(string node, Action<IRqmlBuilder> more) => ClusterHost.StartAsync(node, servers.Running.Endpoints, more);

    public sealed class Servers() : Contracts.RunningServers(() => EtcdServers.StartAsync());
}
