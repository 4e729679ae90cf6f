namespace Rqml.Benchmarks.Ratios;

/// <summary>One line of the table, with what it may cost.</summary>
/// <param name="Work">What is done.</param>
/// <param name="Floor">What it is compared with.</param>
/// <param name="New">Makes it anew.</param>
/// <param name="LeastRatio">The least share of the floor's speed.</param>
internal sealed record Row(string Work, string Floor, Func<IComparison> New, double LeastRatio)
{
    /// <summary>The most that an operation may allocate, in bytes; null: it is not bounded.</summary>
    public double? MostBytes { get; init; }

    /// <summary>The most pool items an operation; null: they are not bounded.</summary>
    public double? MostPoolItems { get; init; }

    /// <summary>The fewest operations a second; null: only the ratio counts.</summary>
    public double? LeastPerSecond { get; init; }

    public string Budget => string.Join(", ", new[]
    {
        LeastRatio > 0 ? FormattableString.Invariant($"≥ {LeastRatio:0.##}×") : "",
        MostBytes is { } bytes ? FormattableString.Invariant($"≤ {bytes:0} B") : "",
        MostPoolItems is { } items ? FormattableString.Invariant($"≤ {items:0} hand-offs") : "",
        LeastPerSecond is { } rate ? FormattableString.Invariant($"≥ {rate / 1_000:0} k/s") : "",
    }.Where(part => part.Length > 0));

    public bool IsKept(RowResult result) =>
        result.Ratio >= LeastRatio && !(result.Rqml.Bytes > MostBytes) && !(result.Rqml.PoolItems > MostPoolItems) && !(result.Rqml.PerSecond < LeastPerSecond);
}

/// <summary>What was measured of a row: the medians of its rounds.</summary>
/// <param name="Floor">The floor.</param>
/// <param name="Rqml">Rqml.</param>
/// <param name="Ratio">Median of the ratios of rounds side by side.</param>
/// <param name="Least">The least of them.</param>
/// <param name="Most">The greatest.</param>
internal sealed record RowResult(Measurement Floor, Measurement Rqml, double Ratio, double Least, double Most);
