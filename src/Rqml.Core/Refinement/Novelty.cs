using Rqml.Refinement;

namespace Rqml;

/// <summary>
/// Converged when the newest artifact brings little that is new: 1 − its largest similarity to the artifacts before it, or 0 where its bytes were there before.
/// </summary>
public sealed record Novelty : ConvergenceRule
{
    private Novelty(double threshold, int artifacts) => (Threshold, Artifacts) = (threshold, artifacts);

    /// <summary>What novelty has to stay below.</summary>
    public override double Threshold { get; }

    /// <summary>Earlier artifacts that it is compared with. Default 8.</summary>
    public int Artifacts { get; private init; }

    internal override int NoveltyWindow => Artifacts;

    /// <summary>Holds below this novelty, in (0, 1].</summary>
    public static Novelty Below(double threshold) => new(Share(threshold, nameof(threshold)), 8);

    /// <summary>Compares with this many earlier artifacts, from 1 to 32; they are part of each checkpoint.</summary>
    public Novelty Within(int artifacts)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(artifacts, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(artifacts, 32);
        return this with { Artifacts = artifacts };
    }

    /// <inheritdoc/>
    public override Novelty For(int iterations) => this with { Patience = Row(iterations, nameof(iterations)) };

    internal override RuleReading Read(in IterationEvidence seen) => double.IsNaN(seen.Novelty) ? RuleReading.TooEarly : new(seen.Novelty < Threshold, seen.Novelty);
}
