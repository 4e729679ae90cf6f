using Rqml.Supervision;

namespace Rqml.Core.Tests.Supervision;

public sealed class SupervisionPolicyTests
{
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
}
