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

    private static SupervisionAction Decide(Observation seen) => SupervisionPolicy.Default.Decide(seen).Action;
}
