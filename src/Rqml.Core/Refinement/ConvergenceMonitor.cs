namespace Rqml.Refinement;

/// <summary>
/// Notices loops that do not get on: stall, oscillation, divergence. Pure: what it goes by is in the snapshot. Without scores there is only oscillation to see.
/// </summary>
internal sealed record ConvergenceMonitor
{
    /// <summary>An artifact that returns after more iterations than this does not count as oscillation.</summary>
    public const int LongestPeriod = 8;

    /// <summary>What the best score has to gain to count as progress.</summary>
    public double Improvement { get; init; } = 0.001;

    /// <summary>Iterations without progress that are a stall.</summary>
    public int StallAfter { get; init; } = 5;

    /// <summary>How far below the best a score may be.</summary>
    public double Tolerance { get; init; } = 0.05;

    /// <summary>What is wrong after this iteration; null where nothing is. An artifact that meets the bar is not stuck: it waits for the rules.</summary>
    /// <param name="state">As of the iteration's end.</param>
    /// <param name="bar">The score that is good enough.</param>
    public Concern? Look(RefinementSnapshot state, double bar)
    {
        if (state.TimesBelow >= 2) return new Concern(ConcernKind.Divergence, state.Iteration - state.TimesBelow + 1, state.Iteration, state.BestScore - state.Score);
        if (ReturnsTo(state) is { } earlier) return new Concern(ConcernKind.Oscillation, earlier, state.Iteration, state.Iteration - earlier);
        if (double.IsNaN(state.BestScore) || state.BestScore >= Math.Min(bar, 1 - Improvement)) return null;
        var since = Math.Max(state.ImprovedAt, state.StintFrom - 1);
        return state.Iteration - since >= StallAfter ? new Concern(ConcernKind.Stall, since, state.Iteration, Math.Max(0, state.BestScore - state.ImprovedTo)) : null;
    }

    /// <summary>The iteration of this stint whose artifact has come again, with others between; null where there is none.</summary>
    private static int? ReturnsTo(RefinementSnapshot state)
    {
        var seen = state.Seen;
        if (seen.Count < 3 || seen[^1] == seen[^2]) return null;
        for (var ago = 2; ago <= LongestPeriod && ago < seen.Count && state.Iteration - ago >= state.StintFrom; ago++)
        {
            if (seen[^(ago + 1)] == seen[^1]) return state.Iteration - ago;
        }

        return null;
    }
}
