using Rqml.Supervision;

namespace Rqml.Core.Tests.Supervision;

public sealed class SupervisionPolicyTests
{
    private static readonly Observation Failing = new() { Kind = ObservationKind.PassFailed, Iteration = 3, Model = "small", NextModel = "large", HasLargerModel = true, BudgetLeft = true };

    [Fact]
    public void A_model_that_fails_again_and_again_is_left_for_the_next()
    {
        Assert.Equal(SupervisionAction.Retry, Decide(Failing with { Failures = 3 }));
        Assert.Equal(SupervisionAction.SwitchModel, Decide(Failing with { Failures = 4 }));
        Assert.Equal(SupervisionAction.Fail, Decide(Failing with { Failures = 4, NextModel = null }));
    }

    [Fact]
    public void A_model_that_has_too_many_calls_is_waited_for_as_long_as_the_budget_lasts()
    {
        Assert.Equal(SupervisionAction.Retry, Decide(Failing with { Failures = 40, IsOverloaded = true }));
        Assert.Equal(SupervisionAction.Retry, Decide(Failing with { Failures = 40, IsOverloaded = true, NextModel = null }));
        Assert.Equal(SupervisionAction.Exhaust, Decide(Failing with { Failures = 40, IsOverloaded = true, BudgetLeft = false }));
    }

    [Fact]
    public void No_ladders_version_passes_for_that_of_another_policy()
    {
        Assert.Equal(2_001, SupervisionPolicy.Default.Version);
        Assert.Equal(2_000, new SupervisionPolicy(new VersionedLadder(0)).Version);
        Assert.Equal(2_999, new SupervisionPolicy(Ladder.Default.WithVersion(999)).Version);
        Assert.Throws<ArgumentOutOfRangeException>("escalation", () => new SupervisionPolicy(new VersionedLadder(1_000)));
        Assert.Throws<ArgumentOutOfRangeException>("escalation", () => new SupervisionPolicy(new VersionedLadder(-1)));
    }

    [Fact]
    public void Every_action_can_be_decided_by_its_name()
    {
        SupervisionDecision[] decisions =
        [
            SupervisionDecision.Continue("why"), SupervisionDecision.Accept("why"), SupervisionDecision.Retry("why"), SupervisionDecision.Escalate("why"),
            SupervisionDecision.Terminate("why"), SupervisionDecision.Fail("why"), SupervisionDecision.Reject("why"), SupervisionDecision.Exhaust("why"),
            SupervisionDecision.SwitchTo("large", "why"), SupervisionDecision.Reroute("why"), SupervisionDecision.Diversify("why"), SupervisionDecision.Vote("why"),
        ];

        Assert.Equal(Enum.GetValues<SupervisionAction>(), decisions.Select(decision => decision.Action));
        Assert.All(decisions, decision => Assert.Equal(("why", decision.Action == SupervisionAction.SwitchModel ? "large" : null, null), (decision.Reason, decision.Model, decision.Rung)));
    }

    private static SupervisionAction Decide(Observation seen) => SupervisionPolicy.Default.Decide(seen).Action;
}
