using Rqml.Testing.Simulation;
using Xunit.Abstractions;

namespace Rqml.Simulation.Tests;

/// <summary>Whole clusters under every fault at once.</summary>
public sealed class SimulationTests(ITestOutputHelper output)
{
    private const int Seeds = 3_000;
    private const int LeastHits = 20;
    private const int LeastEvents = 5_000;

    [Fact]
    public void The_same_seed_gives_the_same_run()
    {
        for (var seed = 1UL; seed <= 100; seed++)
        {
            var first = new SimulatedCluster(seed);
            var second = new SimulatedCluster(seed);
            first.Run();
            second.Run();
            Assert.Equal((first.Events, first.Trace), (second.Events, second.Trace));
        }
    }

    [Fact]
    public void No_accepted_task_is_lost_or_settled_twice_whatever_dies()
    {
        var coverage = new Coverage();
        var runs = new Runs("simulation", seed => new SimulatedCluster(seed), output);
        runs.Run(Seeds, cluster => coverage.Add(cluster.Coverage));
        runs.Print(coverage.ToString());
        Assert.Empty(runs.Red);
        Assert.Empty(coverage.Below(LeastHits));
        Assert.True(runs.MedianEvents >= LeastEvents, "A median run is too short to show anything.");
    }
}
