namespace Rqml.Supervision;

/// <summary>
/// Three retries of a failed pass, then the next model; a converged artifact below the bar, or refused by the validators, goes to the next model; with
/// none left the task ends with the best there is.
/// </summary>
internal sealed class DefaultSupervisionPolicy : ISupervisionPolicy
{
    private const int Retries = 3;

    public static DefaultSupervisionPolicy Instance { get; } = new();

    public int Version => 1;

    public SupervisionDecision Decide(in Observation seen) => seen.Kind switch
    {
        ObservationKind.PassFailed when !seen.BudgetLeft => SupervisionDecision.Exhaust,
        ObservationKind.PassFailed when seen.Failures <= Retries => SupervisionDecision.Retry,
        ObservationKind.PassFailed => seen.HasNextModel ? SupervisionDecision.Escalate : SupervisionDecision.Fail,
        ObservationKind.Rejected => Next(seen, SupervisionDecision.Reject),
        _ when !seen.Converged => seen.BudgetLeft ? SupervisionDecision.Continue : SupervisionDecision.Exhaust,
        _ when double.IsNaN(seen.AcceptAt) || seen.Score >= seen.AcceptAt => SupervisionDecision.Accept,
        _ => Next(seen, SupervisionDecision.Terminate),
    };

    private static SupervisionDecision Next(in Observation seen, SupervisionDecision withoutModel)
    {
        if (!seen.HasNextModel) return withoutModel;
        return seen.BudgetLeft ? SupervisionDecision.Escalate : SupervisionDecision.Exhaust;
    }
}
