using Rqml.Testing.Exploration;
using Xunit.Abstractions;

namespace Rqml.Core.Tests.Supervision.Votes;

/// <summary>Every order in which ballots can come, come twice and be lost, nodes go, and the deadline passes, on the shipped vote of three voters.</summary>
public sealed class VoteExplorationTests(ITestOutputHelper output)
{
    private const int Limit = 2_000_000;

    [Theory]
    [InlineData(Judgement.Accept, Judgement.Accept, Judgement.Reject)]
    [InlineData(Judgement.Reject, Judgement.Accept, Judgement.Reject)]
    [InlineData(Judgement.Abstain, Judgement.Accept, Judgement.Reject)]
    [InlineData(Judgement.Accept, Judgement.Abstain, Judgement.Accept)]
    public void A_vote_is_what_its_voters_said_first(Judgement first, Judgement second, Judgement third)
    {
        foreach (var isWeighted in (bool[])[false, true])
        {
            var found = Explore(new([first, second, third], Lies: true, isWeighted));
            Tell($"{first}, {second}, {third}{(isWeighted ? ", weighted" : "")}: {found}");
            Assert.Null(found.Violation);
        }
    }

    [Theory]
    [InlineData("UnaskedCounted")]
    [InlineData("ClosedEarly")]
    public void Breaking_a_rule_of_votes_is_found(string rule)
    {
        var found = Explore(new([Judgement.Accept, Judgement.Accept, Judgement.Reject], Lies: false, IsWeighted: false, rule));
        Tell($"{rule}: {found}");
        Assert.NotNull(found.Violation);
    }

    private static Exploration Explore(VoteModel.Instance instance)
    {
        var model = new VoteModel(instance);
        return StateSpace.Explore(model.Start, model.Moves, model.Fingerprint, model.Violation, model.IsGoal, Limit);
    }

    private void Tell(string text)
    {
        output.WriteLine(text);
        Reports.Write("exploration", $"a vote, {text}");
    }
}
