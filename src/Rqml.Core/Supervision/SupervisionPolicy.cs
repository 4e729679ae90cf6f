namespace Rqml.Supervision;

/// <summary>
/// The usual policy: accepts what has converged at or above the bar; tries a failed pass three times again, then the next model; gives a refused artifact one more
/// pass, in which the model is told why; and leaves every other setback to a ladder.
/// </summary>
public sealed class SupervisionPolicy : ISupervisionPolicy
{
    private const int Retries = 3;
    private const int OwnVersion = 2;      // one more with each change of what it decides

    private readonly IEscalationPolicy _escalation;

    /// <summary>With this ladder.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The ladder's version is not from 0 to 999.</exception>
    public SupervisionPolicy(IEscalationPolicy escalation)
    {
        ArgumentNullException.ThrowIfNull(escalation);
        Version = 1_000 * OwnVersion + EscalationVersion.Checked(escalation.Version, nameof(escalation));
        _escalation = escalation;
    }

    /// <summary>With <see cref="Ladder.Default"/>.</summary>
    public static SupervisionPolicy Default { get; } = new(Ladder.Default);

    /// <summary>Its own version in thousands, plus its ladder's, which is read once.</summary>
    public int Version { get; }

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
        if (seen.IsOverloaded) return SupervisionDecision.Retry("the model has too many calls");      // a dearer one would be no answer to that
        if (seen.Failures <= Retries) return SupervisionDecision.Retry("the pass failed");
        if (seen.NextModel is { } next) return SupervisionDecision.SwitchTo(next, $"{seen.Model} failed {seen.Failures} times");
        return SupervisionDecision.Fail("the last model failed too");
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

    private static SupervisionDecision Exhaust => SupervisionDecision.Exhaust("the budget of iterations, passes, time or cost is used up");
}
