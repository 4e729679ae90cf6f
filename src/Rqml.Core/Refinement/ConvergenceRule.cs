namespace Rqml;

/// <summary>Says from the history of a task whether its artifact has converged. Make one with <see cref="Stability"/>.</summary>
public abstract record ConvergenceRule
{
    private protected ConvergenceRule() { }

    /// <summary>How many of the last similarities the rule looks at.</summary>
    internal abstract int Window { get; }

    /// <summary>Whether the rule holds.</summary>
    /// <param name="similarities">Of successive artifacts of the current model, oldest first, at most <see cref="Window"/> of them.</param>
    internal abstract ConvergenceEvidence Evaluate(ReadOnlySpan<double> similarities);
}

/// <summary>What a convergence rule saw.</summary>
/// <param name="Holds">Whether it holds.</param>
/// <param name="Value">The value that it compared; NaN where it had too little to go by.</param>
/// <param name="Threshold">What it compared with.</param>
public readonly record struct ConvergenceEvidence(bool Holds, double Value, double Threshold);

/// <summary>Converged when the mean similarity of successive artifacts over a window reaches a threshold.</summary>
public sealed record Stability : ConvergenceRule
{
    private Stability(int iterations, double threshold) => (Iterations, Threshold) = (iterations, threshold);

    /// <summary>Successive artifacts that are compared.</summary>
    public int Iterations { get; }

    /// <summary>What their mean similarity has to reach.</summary>
    public double Threshold { get; }

    internal override int Window => Iterations - 1;

    /// <summary>Looks at this many successive artifacts, from 2 to 64.</summary>
    public static Stability Over(int iterations)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(iterations, 2);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(iterations, 64);
        return new(iterations, 1.0);
    }

    /// <summary>Holds from this mean similarity on, in (0, 1].</summary>
    public Stability AtLeast(double threshold)
    {
        if (!(threshold > 0 && threshold <= 1)) throw new ArgumentOutOfRangeException(nameof(threshold), threshold, "A similarity threshold lies above 0, to 1.");
        return new(Iterations, threshold);
    }

    internal override ConvergenceEvidence Evaluate(ReadOnlySpan<double> similarities)
    {
        if (similarities.Length < Window) return new(false, double.NaN, Threshold);
        var sum = 0.0;
        foreach (var similarity in similarities[^Window..]) sum += similarity;
        var mean = sum / Window;
        return new(mean >= Threshold, mean, Threshold);
    }
}
