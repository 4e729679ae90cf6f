using FsCheck.Xunit;
using Rqml.Supervision;

namespace Rqml.Core.Tests.Supervision;

public sealed class LadderTests
{
    private static readonly Observation Stuck = new() { Kind = ObservationKind.Refined, Iteration = 7, Model = "small", HasLargerModel = true, HasOtherModel = true, CanVote = true, BudgetLeft = true };

    [Fact]
    public void Rungs_are_climbed_in_their_order_and_end_with_the_best_artifact()
    {
        Assert.Equal((SupervisionAction.Escalate, 0), Next(Stuck));
        var largest = Stuck with { HasLargerModel = false };
        Assert.Equal((SupervisionAction.Reroute, 2), Next(largest));
        Assert.Equal((SupervisionAction.Diversify, 3), Next(largest with { Rung = 2 }));
        Assert.Equal((SupervisionAction.Vote, 4), Next(largest with { Rung = 3 }));
        Assert.Equal((SupervisionAction.Terminate, 4), Next(largest with { Rung = 4 }));
        Assert.Equal((SupervisionAction.Reject, 4), Next(largest with { Rung = 4, Rejections = 1 }));
    }

    [Fact]
    public void A_rung_that_is_not_there_is_passed_over()
    {
        var alone = Stuck with { HasLargerModel = false, HasOtherModel = false, CanVote = false };
        Assert.Equal((SupervisionAction.Diversify, 3), Next(alone));
        Assert.Equal((SupervisionAction.Terminate, 4), Next(alone with { Rung = 3 }));
    }

    [Fact]
    public void A_ladder_of_ones_own_has_its_own_order()
    {
        var ladder = Ladder.Of(Rung.Vote, Rung.LargerModel);
        Assert.Equal(SupervisionAction.Vote, ladder.Next(Stuck, "stuck").Action);
        Assert.Equal(SupervisionAction.Escalate, ladder.Next(Stuck with { Rung = 1 }, "stuck").Action);
        Assert.Equal(SupervisionAction.Terminate, Ladder.Of().Next(Stuck, "stuck").Action);
        Assert.Throws<ArgumentOutOfRangeException>(() => Ladder.Of((Rung)77));
    }

    [Fact]
    public void Its_author_says_which_version_of_it_is_on_the_record()
    {
        var second = Ladder.Of(Rung.Vote, Rung.Diversify).WithVersion(2);
        Assert.Equal((1, 2), (Ladder.Of(Rung.Vote).Version, second.Version));
        Assert.Equal([Rung.Vote, Rung.Diversify], second.Rungs);
        Assert.Throws<ArgumentOutOfRangeException>("version", () => second.WithVersion(1_000));
        Assert.Throws<ArgumentOutOfRangeException>("version", () => second.WithVersion(-1));
    }

    [Fact]
    public void The_reason_tells_the_setback() => Assert.Equal("stalled from iteration 2 to 7: a larger model", Ladder.Default.Next(Stuck, new Concern(ConcernKind.Stall, 2, 7, 0).ToString()).Reason);

    /// <summary>From every rung the end is reached, whatever is there, once there is no larger model.</summary>
    [Property]
    public void Every_ladder_ends(byte[] rungs, bool hasOther, bool canVote)
    {
        var ladder = Ladder.Of([.. rungs.Take(16).Select(rung => (Rung)(rung % 4))]);
        var seen = Stuck with { HasLargerModel = false, HasOtherModel = hasOther, CanVote = canVote };
        for (var step = 0; step <= 16; step++)
        {
            var decision = ladder.Next(seen, "stuck");
            if (decision.Action == SupervisionAction.Terminate) return;
            Assert.True(decision.Rung > seen.Rung);
            seen = seen with { Rung = decision.Rung!.Value };
        }

        Assert.Fail("It did not end.");
    }

    private static (SupervisionAction, int) Next(Observation seen)
    {
        var decision = Ladder.Default.Next(seen, "stuck");
        return (decision.Action, decision.Rung!.Value);
    }
}
