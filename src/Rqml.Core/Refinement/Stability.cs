using Rqml.Refinement;

namespace Rqml;

/// <summary>Converged when the mean similarity of successive artifacts over a window reaches a threshold.</summary>
public sealed record Stability : ConvergenceRule
{
    private Stability(int iterations, double threshold) => (Iterations, Threshold) = (iterations, threshold);

    /// <summary>Successive artifacts that are compared.</summary>
    public int Iterations { get; }

    /// <summary>What their mean similarity has to reach.</summary>
    public override double Threshold { get; }

    internal override int SimilarityWindow => Iterations - 1;

    /// <summary>Looks at this many successive artifacts, from 2 to 64.</summary>
    public static Stability Over(int iterations)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(iterations, 2);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(iterations, 64);
        return new(iterations, 1.0);
    }

    /// <summary>Holds from this mean similarity on, in (0, 1].</summary>
    public Stability AtLeast(double threshold) => new(Iterations, Share(threshold, nameof(threshold))) { Patience = Patience };

    /// <inheritdoc/>
    public override Stability For(int iterations) => this with { Patience = Row(iterations, nameof(iterations)) };

    internal override RuleReading Read(in IterationEvidence seen)
    {
        if (seen.Similarities.Length < SimilarityWindow) return RuleReading.TooEarly;
        var sum = 0.0;
        foreach (var similarity in seen.Similarities[^SimilarityWindow..]) sum += similarity;
        var mean = sum / SimilarityWindow;
        return new(IsReachedBy(mean), mean);
    }
}
