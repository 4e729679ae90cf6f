using Rqml.Models;
using Rqml.Supervision;

namespace Rqml.Refinement;

/// <summary>Holds a policy's decision to what cannot be otherwise: an action that exists and can be carried out, and a budget that holds whatever the policy says.</summary>
internal static class DecisionCheck
{
    private const int LongestReason = 500;

    /// <exception cref="PolicyFailedException">It cannot be carried out.</exception>
    public static SupervisionDecision Hold(SupervisionDecision decision, Observation seen, TaskClassDefinition @class)
    {
        if (Fault(decision, seen, @class) is { } fault) throw new PolicyFailedException(@class.Key.Name, @class.Policy.Supervision.GetType(), fault);
        if (GoesOn(decision.Action) && (!seen.BudgetLeft || (decision.Action == SupervisionAction.Vote && !seen.CanVote))) return SupervisionDecision.Exhaust("the budget of iterations, passes, time or cost is used up");
        return decision with { Reason = Cut(decision.Reason ?? "") };
    }

    private static string? Fault(SupervisionDecision decision, Observation seen, TaskClassDefinition @class) => decision.Action switch
    {
        var action when !Enum.IsDefined(action) => $"decided {(int)action}, which is no decision",
        SupervisionAction.Accept when seen.Iteration == 0 => "accepted, and there is no artifact",
        SupervisionAction.Accept when seen.Kind == ObservationKind.Rejected => "accepted what the validators have just refused",
        SupervisionAction.Escalate when !seen.HasLargerModel => $"escalated from {seen.Model}, and there is no larger model",
        SupervisionAction.Reroute when !seen.HasOtherModel => $"rerouted from {seen.Model}, and there is no other model",
        SupervisionAction.SwitchModel when decision.Model is null || @class.IndexOf(decision.Model) < 0 => $"switched to the model '{decision.Model}', which the class does not have",
        SupervisionAction.Vote when @class.Policy.Vote is null => "called a vote, and the class does not say who votes",
        SupervisionAction.Vote when seen.Iteration == 0 => "called a vote, and there is no artifact",
        _ when decision.Rung is < 0 or > 1_000 => $"is on rung {decision.Rung} of its ladder",
        _ => null,
    };

    private static bool GoesOn(SupervisionAction action) => action
        is SupervisionAction.Continue or SupervisionAction.Retry or SupervisionAction.Escalate or SupervisionAction.SwitchModel
        or SupervisionAction.Reroute or SupervisionAction.Diversify or SupervisionAction.Vote;

    private static string Cut(string reason) => reason.Length <= LongestReason ? reason : $"{reason[..LongestReason]}…";
}
