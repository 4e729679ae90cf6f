namespace Rqml.Soak;

/// <summary>Whether something grows: the median of the last third of its samples beside that of the first third.</summary>
/// <remarks>Medians of thirds, as single samples jump (a compaction, a segment that is rewritten), and a leak of even a few percent an hour moves them both.</remarks>
internal sealed record Growth(string What, double Early, double Late, double MostShare, double MostMore)
{
    /// <summary>Least samples for a verdict.</summary>
    public const int Least = 30;

    /// <summary>Not by more than the share, or by an amount that is no growth in anybody's eyes.</summary>
    public bool IsKept => Late <= Early * (1 + MostShare) || Late - Early <= MostMore;

    public double Share => Early == 0 ? 0 : Late / Early - 1;

    /// <summary>Null where there are too few samples to say.</summary>
    public static Growth? Of(string what, IReadOnlyList<double> samples, double mostShare, double mostMore = 0)
    {
        if (samples.Count < Least) return null;
        var third = samples.Count / 3;
        return new Growth(what, Median(samples.Take(third)), Median(samples.Skip(samples.Count - third)), mostShare, mostMore);
    }

    public static double Median(IEnumerable<double> samples)
    {
        var sorted = samples.Order().ToArray();
        return sorted.Length == 0 ? 0 : sorted[sorted.Length / 2];
    }
}
