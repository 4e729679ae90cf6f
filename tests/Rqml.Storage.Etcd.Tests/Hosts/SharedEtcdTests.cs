using Rqml.RealEtcd;

namespace Rqml.Storage.Etcd.Tests.Hosts;

/// <summary>Applications that know nothing of each other, and share one etcd.</summary>
public sealed class SharedEtcdTests(SharedEtcdTests.Servers servers) : IClassFixture<SharedEtcdTests.Servers>
{
    private const int LimitMs = 60_000;
    private static readonly TaskClass<double, double> Doubles = new("doubles");

    [Fact(Timeout = LimitMs)]
    public async Task Clusters_of_two_names_have_a_leader_each_and_nothing_else_in_common()
    {
        await using var one = await ClusterHost.StartAsync("node", servers.Running.Endpoints, rqml => rqml.AddTaskClass(ClusterHost.Halves, ClusterHost.HalfUntilOne).Configure(options => options.Cluster = "one"));
        await using var other = await ClusterHost.StartAsync("node", servers.Running.Endpoints, rqml => rqml.AddTaskClass(ClusterHost.Halves, ClusterHost.HalfUntilOne).Configure(options => options.Cluster = "other"));
        await one.UntilLeadsAsync();
        await other.UntilLeadsAsync();
        await one.ConvergesAsync();
        await other.ConvergesAsync();
        Assert.True(await one.LeadsAsync());
        Assert.Equal((1, 1), (one.Said("Information 2103"), other.Said("Information 2103")));      // each has seen its own node, and none besides
    }

    /// <summary>Under one name they are one cluster, whatever was meant: one of them leads, and a task goes where its class is.</summary>
    [Fact(Timeout = LimitMs)]
    public async Task Two_applications_under_one_name_are_one_cluster_and_each_has_its_own_tasks()
    {
        await using var halving = await ClusterHost.StartAsync("halving", servers.Running.Endpoints);
        await halving.UntilLeadsAsync();
        await using var doubling = await ClusterHost.StartAsync("doubling", servers.Running.Endpoints, rqml => rqml.AddTaskClass(Doubles, doubles => doubles
            .AddModel("double", (context, _) => new(context.HasArtifact ? Math.Min(64, context.Artifact * 2) : context.Payload))
            .ConvergeWhenAll(Stability.Over(2))));

        for (var tasks = 0; tasks < 10; tasks++)
        {
            Assert.Equal("halving", (await halving.ConvergesAsync()).Node?.Value);
            var result = await (await doubling.Client.SubmitAsync(Doubles, 8)).Completion;
            Assert.Equal((Outcome.Converged, "doubling", 64), (result.Outcome, result.Node?.Value, result.Artifact));
        }

        Assert.False(await doubling.LeadsAsync());
        Assert.Equal(1, halving.Said("Information 2103 Node doubling/"));      // it is told that a node it does not know has joined
    }

    public sealed class Servers() : Contracts.RunningServers(() => EtcdServers.StartAsync());
}
