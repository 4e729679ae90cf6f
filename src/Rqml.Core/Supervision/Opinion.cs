namespace Rqml.Supervision;

/// <summary>What one validator or voter said of an artifact.</summary>
/// <param name="By">Name of the validator, or of the voter's model.</param>
/// <param name="Judgement">What it said.</param>
public sealed record Opinion(string By, Judgement Judgement)
{
    /// <summary>Characters of a reason that are kept.</summary>
    internal const int LongestReason = 200;

    /// <summary>The node of a voter; null of a validator, which works on the task's own.</summary>
    public NodeId? Node { get; init; }

    /// <summary>How sure it was, from 0 to 1.</summary>
    public double Confidence { get; init; } = 1;

    /// <summary>Why, in words; of a long reason the beginning. Null where it did not say.</summary>
    public string? Reason { get; init; }

    /// <summary>In words.</summary>
    public override string ToString() => $"{By}{(Node is { } node ? $" on {node}" : "")} {Said}{(Reason is null ? "" : $" ({Reason})")}";

    internal static string? Cut(string? reason) => reason is null || reason.Length <= LongestReason ? reason : $"{reason[..(LongestReason - 1)]}…";

    private string Said => Judgement switch { Judgement.Accept => "accepts", Judgement.Reject => "rejects", _ => "abstains" };
}
