using System.Diagnostics;
using System.Globalization;

namespace Rqml.Benchmarks.Ratios;

/// <summary>Measures rows, floor and Rqml taking turns, so that a machine that slows down slows both; and prints the table.</summary>
internal static class RatioTable
{
    private const int Rounds = 9;
    private static readonly TimeSpan Warmup = TimeSpan.FromSeconds(4);
    private static readonly TimeSpan RoundTime = TimeSpan.FromMilliseconds(500);

    /// <returns>Whether every budget was kept.</returns>
    public static async Task<bool> PrintAsync(IReadOnlyList<Row> rows, TextWriter output)
    {
        var isKept = true;
        if (rows.Count == 0) return isKept;
        await output.WriteLineAsync("| work | floor | floor, /s | Rqml, /s | ratio (least to most) | bytes (floor) | CPU, µs (floor) | hand-offs | budget | kept |");
        await output.WriteLineAsync("|---|---|---:|---:|---:|---:|---:|---:|---|---|");
        foreach (var row in rows)
        {
            var result = await MeasureAsync(row);
            var kept = row.IsKept(result);
            isKept &= kept;
            await output.WriteLineAsync(string.Create(CultureInfo.InvariantCulture,
                $"| {row.Work} | {row.Floor} | {Rate(result.Floor.PerSecond)} | {Rate(result.Rqml.PerSecond)} | {result.Ratio:0.###} ({result.Least:0.###} to {result.Most:0.###}) | {result.Rqml.Bytes:0} ({result.Floor.Bytes:0}) | {result.Rqml.CpuMicroseconds:0.##} ({result.Floor.CpuMicroseconds:0.##}) | {result.Rqml.PoolItems:0.##} | {row.Budget} | {(row.Budget.Length == 0 ? "" : kept ? "yes" : "**no**")} |"));
            await output.FlushAsync();
        }

        return isKept;
    }

    /// <returns>Whether every budget was kept.</returns>
    public static async Task<bool> PrintAsync(IReadOnlyList<FigureRow> rows, TextWriter output)
    {
        var isKept = true;
        if (rows.Count == 0) return isKept;
        await output.WriteLineAsync("\n| work | found | budget | kept |\n|---|---|---|---|");
        foreach (var row in rows)
        {
            var figure = await row.MeasureAsync();
            isKept &= figure.IsKept;
            await output.WriteLineAsync($"| {row.Work} | {figure.Text} | {row.Budget} | {(figure.IsKept ? "yes" : "**no**")} |");
            await output.FlushAsync();
        }

        return isKept;
    }

    private static async Task<RowResult> MeasureAsync(Row row)
    {
        var comparison = row.New();
        await comparison.Setup();
        try
        {
            var floorCalls = await WarmUpAsync(comparison.Floor);
            var rqmlCalls = await WarmUpAsync(comparison.Rqml);
            var floors = new List<Measurement>(Rounds);
            var rqmls = new List<Measurement>(Rounds);
            for (var round = 0; round < Rounds; round++)
            {
                floors.Add(await RepeatAsync(comparison.Floor, floorCalls, comparison.Operations));
                rqmls.Add(await RepeatAsync(comparison.Rqml, rqmlCalls, comparison.Operations));
            }

            var ratios = rqmls.Zip(floors, (rqml, floor) => rqml.PerSecond / floor.PerSecond).Order().ToArray();
            return new RowResult(Median(floors), Median(rqmls), ratios[Rounds / 2], ratios[0], ratios[^1]);
        }
        finally
        {
            await comparison.Cleanup();
        }
    }

    /// <summary>Until the runtime has compiled what runs for good; and says how many calls fill a round.</summary>
    private static async Task<int> WarmUpAsync(Func<Task> work)
    {
        var began = Stopwatch.GetTimestamp();
        var last = TimeSpan.MaxValue;
        while (Stopwatch.GetElapsedTime(began) < Warmup)
        {
            var call = Stopwatch.GetTimestamp();
            await work();
            last = Stopwatch.GetElapsedTime(call);
        }

        return Math.Max(1, (int)(RoundTime / last));
    }

    private static Task<Measurement> RepeatAsync(Func<Task> work, int calls, int operations) => Measurement.OfAsync(
        async () =>
        {
            for (var call = 0; call < calls; call++) await work();
        },
        calls * operations);

    private static Measurement Median(List<Measurement> measurements) => measurements.OrderBy(one => one.PerSecond).ElementAt(measurements.Count / 2);

    private static string Rate(double perSecond) => perSecond >= 1e6
        ? string.Create(CultureInfo.InvariantCulture, $"{perSecond / 1e6:0.00} M")
        : string.Create(CultureInfo.InvariantCulture, $"{perSecond / 1e3:0.0} k");
}
