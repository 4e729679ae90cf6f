using Rqml.Testing.Exploration;
using Rqml.Testing.Simulation;
using Xunit.Abstractions;

namespace Rqml.Core.Tests.Ledgers;

/// <summary>Every order in which result, cancel, deadline, poison, crash and message can come, for one task and the shipped settlement machine.</summary>
public sealed class SettlementExplorationTests(ITestOutputHelper output)
{
    private const int Limit = 3_000_000;

    [Theory]
    [InlineData(2, 0, 2, 3)]
    [InlineData(2, 0, 1, 5)]
    [InlineData(1, 3, 1, 2)]
    public void A_task_is_settled_once_and_in_the_end_whatever_comes_in_whatever_order(int nodes, int deaths, int crashes, int ticks)
    {
        var found = Explore(new(nodes, deaths, crashes, ticks));
        var line = $"settlement machine, {nodes} nodes, {deaths} worker deaths, {crashes} crashes of the ledger, {ticks} ticks: {found}";
        output.WriteLine(line);
        Reports.Write("exploration", line);
        Assert.Null(found.Violation);
    }

    [Theory]
    [InlineData("CompletionBeforeDurable")]
    [InlineData("SettlementMemoryOnly")]
    [InlineData("LastWriterWins")]
    [InlineData("CancelAcknowledgedBeforeDurable")]
    [InlineData("SubmitAcknowledgedBeforeDurable")]
    [InlineData("UnknownIdReopens")]
    [InlineData("UnknownIdSilent")]
    [InlineData("SettledBeforeDurable")]
    [InlineData("AlreadySettledBeforeDurable")]
    public void Breaking_a_rule_of_settlement_is_found(string mutant)
    {
        var found = Explore(new(Nodes: 2, Deaths: 0, Crashes: 1, Ticks: 4, Enum.Parse<Mutant>(mutant)));
        output.WriteLine($"{mutant}: {found}");
        Reports.Write("exploration", $"settlement machine, {mutant}: {found}");
        Assert.NotNull(found.Violation);
    }

    private static Exploration Explore(SettlementModel.Instance instance) =>
        StateSpace.Explore(new SettlementModel(instance), model => model.Moves(), model => model.Fingerprint(), model => model.Violation, model => model.IsGoal, Limit);
}
