using Rqml.Refinement;

namespace Rqml;

/// <summary>
/// Converged when independent passes on the same input agree: the mean similarity of each two of them reaches a threshold. Every iteration takes so many model
/// calls, by different models where the class has them (X. Wang et al., "Self-consistency improves chain of thought reasoning", 2022).
/// </summary>
public sealed record Consistency : ConvergenceRule
{
    private Consistency(int passes, double threshold) => (PassesCompared, Threshold) = (passes, threshold);

    /// <summary>Passes that are compared.</summary>
    public int PassesCompared { get; }

    /// <summary>What their mean similarity has to reach.</summary>
    public override double Threshold { get; }

    internal override int Passes => PassesCompared;

    /// <summary>Makes this many passes an iteration, from 2 to 16.</summary>
    public static Consistency Over(int passes)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(passes, 2);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(passes, PassPlan.MaxPasses);
        return new(passes, 1.0);
    }

    /// <summary>Holds from this mean similarity on, in (0, 1].</summary>
    public Consistency AtLeast(double threshold) => new(PassesCompared, Share(threshold, nameof(threshold))) { Patience = Patience };

    /// <inheritdoc/>
    public override Consistency For(int iterations) => this with { Patience = Row(iterations, nameof(iterations)) };

    internal override RuleReading Read(in IterationEvidence seen) => double.IsNaN(seen.Consistency) ? RuleReading.TooEarly : new(IsReachedBy(seen.Consistency), seen.Consistency);
}
