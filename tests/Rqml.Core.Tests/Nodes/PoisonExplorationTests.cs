using Rqml.Testing.Exploration;
using Rqml.Testing.Simulation;
using Xunit.Abstractions;

namespace Rqml.Core.Tests.Nodes;

/// <summary>Every order in which deaths, stops, messages and commits can come, for poison and innocents on the shipped node and ledger machines, with no isolated host.</summary>
public sealed class PoisonExplorationTests(ITestOutputHelper output)
{
    private const int Limit = 3_000_000;
    private const int Innocent = 0;

    // Three deaths make it run alone, three more are strikes. An iteration that is durable begins the count anew: at most two deaths more for each, as the
    // third would have been alone. A stop in order, or a blow from outside between a worker's death and its strike, hides at most one death each.
    [Theory]
    [InlineData("KillsNode", 0, 0, 0, 0, 6)]
    [InlineData("KillsNode", 0, 1, 0, 0, 6)]
    [InlineData("KillsNode", 0, 0, 1, 0, 7)]
    [InlineData("KillsNode", 0, 0, 0, 1, 6)]
    [InlineData("KillsNode", 1, 0, 0, 0, 8)]
    [InlineData("KillsWorker", 0, 0, 0, 1, 3)]
    [InlineData("KillsWorker", 0, 0, 2, 0, 5)]
    [InlineData("KillsWorker", 0, 2, 0, 0, 5)]
    [InlineData("KillsWorker", 0, 1, 1, 1, 5)]
    public void Poison_is_convicted_after_a_bounded_number_of_deaths(string ending, int iterations, int blows, int stops, int crashes, int killed) =>
        Holds(new(1, 1, [new(Enum.Parse<PoisonModel.Ending>(ending), iterations)], blows, stops, crashes, killed));

    // Up to five blows: the sixth would be the third strike of one that runs alone, and nobody could tell it from poison.
    [Theory]
    [InlineData(0, 5, 0)]
    [InlineData(1, 3, 0)]
    [InlineData(1, 2, 1)]
    [InlineData(0, 0, 3)]
    public void An_innocent_is_never_convicted(int iterations, int blows, int stops) =>
        Holds(new(1, 1, [new(PoisonModel.Ending.Finishes, iterations)], blows, stops, LedgerCrashes: 0, Innocent) { SparesWorkers = true });

    [Fact]
    public void An_innocent_beside_poison_is_never_convicted() =>
        Holds(new(1, 2, [new(PoisonModel.Ending.KillsWorker, 0), new(PoisonModel.Ending.Finishes, 0)], Outside: 0, Stops: 0, LedgerCrashes: 0, MaxKilled: 3));

    [Theory]
    [InlineData("ShutdownCounts")]
    [InlineData("StrikeNotDeduplicated")]
    [InlineData("StrikePerAttempt")]
    [InlineData("RerunBeforeStrikeDurable")]
    [InlineData("NeverAlone")]
    [InlineData("SuspicionVolatile")]
    [InlineData("NodeDeathIsStrike")]
    [InlineData("EndForgottenFirst")]
    public void Breaking_a_rule_of_poison_is_found(string rule)
    {
        var found = Explore(Broken(rule));
        output.WriteLine($"{rule}: {found}");
        Reports.Write("exploration", $"node and ledger machines, {rule}: {found}");
        Assert.NotNull(found.Violation);
    }

    /// <summary>The smallest instance that shows what the rule is good for.</summary>
    private static PoisonModel.Instance Broken(string rule)
    {
        var innocent = new PoisonModel.Instance(1, 1, [new(PoisonModel.Ending.Finishes, 0)], Outside: 1, Stops: 0, LedgerCrashes: 0, Innocent);
        var killsWorker = innocent with { Tasks = [new(PoisonModel.Ending.KillsWorker, 0)], Outside = 0, MaxKilled = 3 };
        var killsNode = innocent with { Tasks = [new(PoisonModel.Ending.KillsNode, 0)], Outside = 0, MaxKilled = 6 };
        return rule switch
        {
            "ShutdownCounts" => innocent with { Outside = 0, Stops = 1, ShutdownCounts = true },
            "EndForgottenFirst" => innocent with { Outside = 4, Stops = 1, SparesWorkers = true, ForgetsEndFirst = true },
            "StrikeNotDeduplicated" => innocent with { OfMachines = Mutant.StrikeNotDeduplicated },
            "NodeDeathIsStrike" => innocent with { OfMachines = Mutant.NodeDeathIsStrike },
            "StrikePerAttempt" => killsWorker with { OfMachines = Mutant.StrikePerAttempt },
            "RerunBeforeStrikeDurable" => killsWorker with { OfMachines = Mutant.RerunBeforeStrikeDurable },
            "SuspicionVolatile" => killsNode with { OfMachines = Mutant.SuspicionVolatile },
            "NeverAlone" => killsNode with { NeverAlone = true },
            _ => throw new ArgumentOutOfRangeException(nameof(rule), rule, "No such rule."),
        };
    }

    private void Holds(PoisonModel.Instance instance)
    {
        var found = Explore(instance);
        var line = $"node and ledger machines, {instance}: {found}";
        output.WriteLine(line);
        Reports.Write("exploration", line);
        Assert.Null(found.Violation);
    }

    private static Exploration Explore(PoisonModel.Instance instance) =>
        StateSpace.Explore(new PoisonModel(instance), model => model.Moves(), model => model.Fingerprint(), model => model.Violation, model => model.IsGoal, Limit);
}
