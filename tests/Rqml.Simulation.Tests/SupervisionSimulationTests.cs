using Rqml.Testing.Simulation;
using Rqml.Testing.Simulation.Supervised;
using Xunit.Abstractions;

namespace Rqml.Simulation.Tests;

/// <summary>Supervised work under every fault at once: drawn policies, validators and voters that lie, throw and hang, small budgets.</summary>
public sealed class SupervisionSimulationTests(ITestOutputHelper output)
{
    private const int Seeds = 2_000;
    private const int LeastHits = 20;

    [Fact]
    public void The_same_seed_gives_the_same_run()
    {
        for (var seed = 1UL; seed <= 50; seed++)
        {
            var first = SimulatedCluster.Supervised(seed);
            var second = SimulatedCluster.Supervised(seed);
            first.Run();
            second.Run();
            Assert.Equal((first.Events, first.Trace), (second.Events, second.Trace));
        }
    }

    [Fact]
    public void Whoever_supervises_a_task_ends_once_within_its_budget_with_every_decision_on_record()
    {
        var coverage = new SupervisionCoverage();
        var runs = new Runs("supervision", seed => SimulatedCluster.Supervised(seed), output);
        runs.Run(Seeds, cluster => coverage.Add(cluster.Judge.Supervision.Coverage));
        runs.Print(coverage.ToString());
        Assert.Empty(runs.Red);
        Assert.Empty(coverage.Below(LeastHits));
    }
}
