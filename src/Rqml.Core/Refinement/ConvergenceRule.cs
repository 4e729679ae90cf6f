using Rqml.Refinement;

namespace Rqml;

/// <summary>
/// Says from the history of a task whether its artifact has converged: <see cref="Stability"/>, <see cref="Consistency"/> or <see cref="Novelty"/>. Immutable.
/// </summary>
public abstract record ConvergenceRule
{
    private protected ConvergenceRule() { }

    /// <summary>Iterations in a row for which the rule has to hold. Default 1.</summary>
    public int Patience { get; private protected init; } = 1;

    /// <summary>What the rule compares with.</summary>
    public abstract double Threshold { get; }

    /// <summary>How many similarities of successive artifacts the rule looks at.</summary>
    internal virtual int SimilarityWindow => 0;

    /// <summary>Passes of one iteration that the rule compares.</summary>
    internal virtual int Passes => 1;

    /// <summary>Earlier artifacts that the newest is compared with.</summary>
    internal virtual int NoveltyWindow => 0;

    /// <summary>The same rule, which has to hold for so many iterations in a row, from 1 to 64.</summary>
    public abstract ConvergenceRule For(int iterations);

    /// <summary>What the rule says of an iteration, patience aside.</summary>
    internal abstract RuleReading Read(in IterationEvidence seen);

    /// <summary>A mean of similarities is a sum of floats: what is a rounding below the threshold has reached it.</summary>
    private protected bool IsReachedBy(double value) => value >= Threshold - 1e-12;

    private protected static int Row(int iterations, string parameter)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(iterations, 1, parameter);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(iterations, 64, parameter);
        return iterations;
    }

    private protected static double Share(double threshold, string parameter) =>
        threshold is > 0 and <= 1 ? threshold : throw new ArgumentOutOfRangeException(parameter, threshold, "A threshold lies above 0, to 1.");
}
