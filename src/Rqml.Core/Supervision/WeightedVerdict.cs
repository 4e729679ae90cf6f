namespace Rqml.Supervision;

/// <summary>What judges of different reliability say together. Pure; the order of the votes does not matter.</summary>
/// <remarks>
/// A vote weighs the log-odds of its judge times the judge's confidence in it (the logarithmic pool: Genest and Zidek, "Combining probability
/// distributions", 1986); for the other side where the log-odds are negative. Each side is summed by itself, from the lightest on, so that equal votes
/// on both sides cancel exactly and rounding does not depend on who was asked first.
/// </remarks>
/// <param name="For">Weight of what speaks for the artifact; zero or more.</param>
/// <param name="Against">Weight of what speaks against it; zero or more.</param>
/// <param name="VetoedBy">A judge whose rejection decides by itself; null where none rejected.</param>
internal sealed record WeightedVerdict(double For, double Against, string? VetoedBy)
{
    /// <summary>The log-odds that the artifact is acceptable, if the judges err independently of each other.</summary>
    public double Sum => For - Against;

    /// <summary>More weight for than against, and no veto. A tie, as when nobody says anything, is not enough.</summary>
    public bool IsAccepted => VetoedBy is null && For > Against;

    /// <summary>In [0, 1]: 0 where all weight is on one side, 1 where there is as much on each.</summary>
    public double Disagreement => For + Against > 0 ? 2 * Math.Min(For, Against) / (For + Against) : 0;

    public static WeightedVerdict Of(IReadOnlyCollection<JudgeVote> votes)
    {
        var weights = votes.Select(vote => vote.Weight).ToArray();
        var veto = votes.Where(vote => vote.IsVeto).Select(vote => vote.Judge.Name).Min(StringComparer.Ordinal);
        return new(weights.Where(weight => weight > 0).Order().Sum(), weights.Where(weight => weight < 0).Select(Math.Abs).Order().Sum(), veto);
    }
}
