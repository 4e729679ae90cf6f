using Rqml.Testing.Simulation;
using Xunit.Abstractions;

namespace Rqml.Simulation.Tests;

/// <summary>Whole clusters under every fault at once.</summary>
public sealed class SimulationTests(ITestOutputHelper output)
{
    private const string Kind = "simulation";
    private const int Seeds = 3_000;
    private const int LeastHits = 20;
    private const int LeastEvents = 5_000;

    [Fact]
    public void The_same_seed_gives_the_same_run()
    {
        foreach (var seed in SeedsToRun.Of(100)) Assert.Equal(First(seed), Replay.Of(new SimulatedCluster(seed)));
    }

    [Fact]
    public async Task The_same_seed_gives_the_same_run_in_another_process()
    {
        var seeds = SeedsToRun.Of(50).ToArray();
        Assert.Equal(seeds.Select(First), await Replay.ElsewhereAsync(Kind, seeds));
    }

    [Fact]
    public void No_accepted_task_is_lost_or_settled_twice_whatever_dies()
    {
        var coverage = new Coverage();
        var (recalled, deaths) = (0L, 0);
        var (alone, adopted, unfenced) = (0L, 0L, 0L);
        var undelivered = 0;
        var (begun, completed, passedOn, gone, calledOff) = (0, 0, 0, 0, 0);
        var runs = new Runs<SimulatedCluster>(Kind, seed => new SimulatedCluster(seed), output);
        runs.Run(Seeds, cluster =>
        {
            coverage.Add(cluster.Coverage);
            recalled += cluster.Judge.Checkpoints.Recalled;
            deaths = Math.Max(deaths, cluster.Judge.MostDeaths);
            alone += cluster.Judge.SelfAttempts;
            adopted += cluster.Judge.Assignments.SelfAttemptsAdopted;
            unfenced += cluster.Judge.Assignments.GivenUpUnfenced;
            undelivered += cluster.Judge.Undelivered;
            begun += cluster.Judge.Drains.Begun;
            completed += cluster.Judge.Drains.Completed;
            passedOn += cluster.Judge.Drains.CompletedByAnotherLeader;
            gone += cluster.Judge.Drains.Gone;
            calledOff += cluster.Judge.Drains.CalledOff;
        });
        runs.Print(coverage.ToString());
        runs.Print($"went on from what another node had left: {recalled}; workers and nodes that one task killed, at most: {deaths}");
        runs.Print($"attempts that nodes gave themselves: {alone}, of which a leader took over {adopted}; nodes given up without a fence, as no store answered: {unfenced}");
        runs.Print($"results that no ledger took for so long that they were dropped: {undelivered}");
        runs.Print($"drains that nodes obeyed: {begun}; that ended with an empty node: {completed}, of which under another leader than they began under: {passedOn}; with the node's end: {gone}; that were called off: {calledOff}");
        Assert.Empty(runs.Red);
        Assert.Empty(coverage.Below(LeastHits));
        Assert.True(recalled >= LeastHits, "Hardly anything went on from what another node had left.");
        Assert.True(Math.Min(alone, Math.Min(adopted, unfenced)) >= LeastHits, "Hardly any node worked alone, was found again, or was given up without a fence.");
        Assert.True(undelivered >= LeastHits, "Hardly a result was dropped because no ledger took it.");
        Assert.True(Math.Min(passedOn, Math.Min(gone, calledOff)) >= LeastHits, "Hardly any drain outlived its leader, ended with its node, or was called off.");
        Assert.True(runs.MedianEvents >= LeastEvents, "A median run is too short to show anything.");
    }

    private static string First(ulong seed) => Replay.FirstOf(Kind, seed, seed => new SimulatedCluster(seed));
}
