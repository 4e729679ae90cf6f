namespace Rqml.Supervision;

/// <summary>
/// The usual policy: accepts what has converged at or above the bar; tries a failed pass three times again, then the next model; gives a refused artifact one more
/// pass, in which the model is told why; and leaves every other setback to a ladder.
/// </summary>
public sealed class SupervisionPolicy : ISupervisionPolicy
{
    private const int Retries = 3;

    private readonly IEscalationPolicy _escalation;

    /// <summary>With this ladder.</summary>
    public SupervisionPolicy(IEscalationPolicy escalation)
    {
        ArgumentNullException.ThrowIfNull(escalation);
        _escalation = escalation;
    }

    /// <summary>With <see cref="Ladder.Default"/>.</summary>
    public static SupervisionPolicy Default { get; } = new(Ladder.Default);

    /// <summary>Its own version in hundreds, plus its ladder's.</summary>
    public int Version => 200 + _escalation.Version;

    /// <inheritdoc/>
    public SupervisionDecision Decide(Observation seen)
    {
        ArgumentNullException.ThrowIfNull(seen);
        return seen.Kind switch
        {
            ObservationKind.PassFailed => AfterFailure(seen),
            ObservationKind.Rejected => AfterRejection(seen),
            ObservationKind.Voted => AfterVote(seen),
            _ => AfterIteration(seen),
        };
    }

    private SupervisionDecision AfterIteration(Observation seen)
    {
        var meetsBar = double.IsNaN(seen.AcceptAt) || seen.Score >= seen.AcceptAt;
        if (seen.Converged && meetsBar) return SupervisionDecision.Accept($"converged: {Describe(seen.Evidence)}");
        if (seen.Converged) return _escalation.Next(seen, "converged below the bar");
        if (seen.BudgetLeft && seen.Concern is { } concern) return _escalation.Next(seen, concern.ToString());
        return seen.BudgetLeft ? SupervisionDecision.Continue("gets on") : Exhaust;
    }

    private static string Describe(IReadOnlyList<ConvergenceEvidence> evidence) =>
        string.Join(", ", evidence.Where(one => one.Holds).Select(one => FormattableString.Invariant($"{one.Rule} {one.Value:0.####}")));

    private static SupervisionDecision AfterFailure(Observation seen)
    {
        if (!seen.BudgetLeft) return Exhaust;
        if (seen.IsOverloaded) return new(SupervisionAction.Retry, "the model has too many calls");      // a dearer one would be no answer to that
        if (seen.Failures <= Retries) return new(SupervisionAction.Retry, "the pass failed");
        if (seen.NextModel is { } next) return SupervisionDecision.SwitchTo(next, $"{seen.Model} failed {seen.Failures} times");
        return new(SupervisionAction.Fail, "the last model failed too");
    }

    private SupervisionDecision AfterRejection(Observation seen)
    {
        if (seen.Rejections == 1 && seen.BudgetLeft) return SupervisionDecision.Continue("refused: a new pass");
        return _escalation.Next(seen, "refused");
    }

    private SupervisionDecision AfterVote(Observation seen)
    {
        if (seen.Vote is { Verdict: VoteVerdict.Accepted } tally) return SupervisionDecision.Accept($"accepted by {tally.Accepts} of {tally.Voters} voters");
        return _escalation.Next(seen, seen.Vote is { Verdict: VoteVerdict.Rejected } refused ? $"refused by {refused.Rejects} of {refused.Voters} voters" : "no quorum");
    }

    private static SupervisionDecision Exhaust => new(SupervisionAction.Exhaust, "the budget of iterations, passes, time or cost is used up");
}
