namespace Rqml.Supervision;

/// <summary>What one voter says of an artifact.</summary>
/// <param name="Judgement">For it, against it, or neither.</param>
/// <param name="Reason">Why, in words; null where there is nothing to say.</param>
/// <param name="Cost">What the ballot cost; NaN: the declared cost of the voter's model.</param>
public readonly record struct Ballot(Judgement Judgement, string? Reason, double Cost);
