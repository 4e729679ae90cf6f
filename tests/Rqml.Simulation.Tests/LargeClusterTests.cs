using Rqml.Testing.Simulation.Large;
using Xunit.Abstractions;

namespace Rqml.Simulation.Tests;

/// <summary>Clusters of 50 to 200 nodes under every fault at once, and a rolling upgrade beneath them.</summary>
public sealed class LargeClusterTests(ITestOutputHelper output)
{
    private const string Kind = "large";
    private const int Seeds = 20;
    private const int LeastHits = 20;

    [Fact]
    public async Task The_same_seed_gives_the_same_run_here_and_in_another_process()
    {
        var first = Replay.FirstOf(Kind, 1, seed => new LargeCluster(seed));
        Assert.Equal(first, Replay.Of(new LargeCluster(1)));
        Assert.Equal([first], await Replay.ElsewhereAsync(Kind, [1]));
    }

    [Fact]
    public void No_accepted_task_is_lost_or_settled_twice_while_a_large_cluster_is_upgraded_under_faults()
    {
        var (coverage, others) = (new LargeCoverage(), new Testing.Simulation.Coverage());
        var (nodes, parked, unserved) = (new List<int>(), new List<int>(), 0);
        var restored = 0;
        var runs = new Runs<LargeCluster>(Kind, seed => new LargeCluster(seed), output);
        runs.Run(Seeds, cluster =>
        {
            coverage.Add(cluster.Coverage);
            others.Add(cluster.OtherCoverage);
            nodes.Add(cluster.Nodes);
            parked.Add(cluster.Parked);
            unserved += cluster.Unserved;
            restored += cluster.Restored;
        });
        runs.Print(coverage.ToString());
        runs.Print(others.ToString());
        runs.Print($"nodes: {nodes.Min()} to {nodes.Max()}, {nodes.Sum()} together; open tasks of a version that nobody served: {parked.Min()} to {parked.Max()}; their attempts on disks: {unserved}; restores of the store: {restored}");
        Assert.Empty(runs.Red);
        Assert.Empty(coverage.Below(LeastHits));
        Assert.True(parked.Min() > 0, "In a run no task waited for a version that nobody served.");
        Assert.True(restored >= LeastHits, "Hardly ever was the store restored.");
        Assert.True(unserved >= LeastHits, "Hardly an attempt lay where it could not go on.");
    }
}
