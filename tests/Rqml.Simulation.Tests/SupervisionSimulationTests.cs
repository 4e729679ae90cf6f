using Rqml.Testing.Simulation;
using Rqml.Testing.Simulation.Supervised;
using Xunit.Abstractions;

namespace Rqml.Simulation.Tests;

/// <summary>Supervised work under every fault at once: drawn policies, validators and voters that lie, throw and hang, small budgets.</summary>
public sealed class SupervisionSimulationTests(ITestOutputHelper output)
{
    private const string Kind = "supervision";
    private const int Seeds = 2_000;
    private const int LeastHits = 20;

    [Fact]
    public void The_same_seed_gives_the_same_run()
    {
        foreach (var seed in SeedsToRun.Of(50)) Assert.Equal(Replay.FirstOf(Kind, seed, SupervisedOf), Replay.Of(SupervisedOf(seed)));
    }

    [Fact]
    public void Whoever_supervises_a_task_ends_once_within_its_budget_with_every_decision_on_record()
    {
        var coverage = new SupervisionCoverage();
        var runs = new Runs<SimulatedCluster>(Kind, SupervisedOf, output);
        runs.Run(Seeds, cluster => coverage.Add(cluster.Judge.Supervision.Coverage));
        runs.Print(coverage.ToString());
        Assert.Empty(runs.Red);
        Assert.Empty(coverage.Below(LeastHits));
    }

    private static SimulatedCluster SupervisedOf(ulong seed) => SimulatedCluster.Supervised(seed);
}
