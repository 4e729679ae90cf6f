namespace Rqml.Refinement;

/// <summary>What the rules judge an iteration by. NaN: not measured, or not yet.</summary>
/// <param name="similarities">Of successive artifacts since the current model began, oldest first.</param>
/// <param name="consistency">Mean similarity of each two passes of the iteration.</param>
/// <param name="novelty">Of the newest artifact.</param>
internal readonly ref struct IterationEvidence(ReadOnlySpan<double> similarities, double consistency, double novelty)
{
    public ReadOnlySpan<double> Similarities { get; } = similarities;

    public double Consistency { get; } = consistency;

    public double Novelty { get; } = novelty;
}

/// <summary>What one rule says of one iteration.</summary>
internal readonly record struct RuleReading(bool Holds, double Value)
{
    public static RuleReading TooEarly => new(false, double.NaN);
}
