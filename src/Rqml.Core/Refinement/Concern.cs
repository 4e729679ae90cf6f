namespace Rqml;

/// <summary>What the convergence monitor found, and the iterations that it rests on.</summary>
/// <param name="Kind">What is wrong.</param>
/// <param name="From">First iteration that it rests on.</param>
/// <param name="To">Last iteration that it rests on.</param>
/// <param name="Value">Stall: what the best score gained meanwhile. Oscillation: iterations of a period. Divergence: how far the score is below the best.</param>
public readonly record struct Concern(ConcernKind Kind, int From, int To, double Value)
{
    /// <summary>In words, such as "stalled from iteration 4 to 9".</summary>
    public override string ToString() => Kind switch
    {
        ConcernKind.Stall => $"stalled from iteration {From} to {To}",
        ConcernKind.Oscillation => $"oscillates between iterations {From} and {To}",
        ConcernKind.Divergence => FormattableString.Invariant($"diverges: iterations {From} to {To} are {Value:0.###} below the best"),
        _ => "no concern",
    };
}

/// <summary>In what way a loop fails to get on.</summary>
public enum ConcernKind
{
    /// <summary>The best score has not improved over a number of iterations.</summary>
    Stall = 1,

    /// <summary>The artifact is again what it was a few iterations ago.</summary>
    Oscillation = 2,

    /// <summary>The score has fallen below the best, twice running.</summary>
    Divergence = 3,
}
