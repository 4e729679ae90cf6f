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
        foreach (var seed in Runs.SeedsToRun(100)) Assert.Equal(Replay.Of(new SimulatedCluster(seed)), Replay.Of(new SimulatedCluster(seed)));
    }

    [Fact]
    public async Task The_same_seed_gives_the_same_run_in_another_process()
    {
        var seeds = Runs.SeedsToRun(50).ToArray();
        Assert.Equal(seeds.Select(seed => Replay.Of(new SimulatedCluster(seed))), await Replay.ElsewhereAsync(seeds));
    }

    [Fact]
    public void No_accepted_task_is_lost_or_settled_twice_whatever_dies()
    {
        var coverage = new Coverage();
        var recalled = 0L;
        var (alone, adopted, unfenced) = (0L, 0L, 0L);
        var runs = new Runs("simulation", seed => new SimulatedCluster(seed), output);
        runs.Run(Seeds, cluster =>
        {
            coverage.Add(cluster.Coverage);
            recalled += cluster.Judge.Checkpoints.Recalled;
            alone += cluster.Judge.SelfAttempts;
            adopted += cluster.Judge.Assignments.SelfAttemptsAdopted;
            unfenced += cluster.Judge.Assignments.GivenUpUnfenced;
        });
        runs.Print(coverage.ToString());
        runs.Print($"went on from what another node had left: {recalled}");
        runs.Print($"attempts that nodes gave themselves: {alone}, of which a leader took over {adopted}; nodes given up without a fence, as no store answered: {unfenced}");
        Assert.Empty(runs.Red);
        Assert.Empty(coverage.Below(LeastHits));
        Assert.True(recalled >= LeastHits, "Hardly anything went on from what another node had left.");
        Assert.True(Math.Min(alone, Math.Min(adopted, unfenced)) >= LeastHits, "Hardly any node worked alone, was found again, or was given up without a fence.");
        Assert.True(runs.MedianEvents >= LeastEvents, "A median run is too short to show anything.");
    }
}
