using System.Diagnostics;
using System.Globalization;
using Rqml.Benchmarks.Ratios;

namespace Rqml.Benchmarks.Growth;

/// <summary>Measures what an operation takes as one thing grows, and prints a line for each axis.</summary>
internal static class GrowthTable
{
    private const int Rounds = 5;
    private static readonly TimeSpan Warmup = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan RoundTime = TimeSpan.FromMilliseconds(400);

    public static async Task PrintAsync(IReadOnlyList<Axis> axes, TextWriter output)
    {
        await output.WriteLineAsync("| work | grows | an operation: operations a second, processor time, bytes allocated |");
        await output.WriteLineAsync("|---|---|---|");
        foreach (var axis in axes)
        {
            var steps = new List<string>();
            foreach (var (size, make) in axis.Steps) steps.Add(await MeasureAsync(size, make()));
            await output.WriteLineAsync($"| {axis.Work} | {axis.Grows} | {string.Join("<br>", steps)} |");
            await output.FlushAsync();
        }
    }

    private static async Task<string> MeasureAsync(string size, IComparison comparison)
    {
        await comparison.Setup();
        try
        {
            var began = Stopwatch.GetTimestamp();
            var calls = 0;
            while (Stopwatch.GetElapsedTime(began) < Warmup)
            {
                await comparison.Rqml();
                calls++;
            }

            calls = Math.Max(1, (int)(calls * (RoundTime / Stopwatch.GetElapsedTime(began))));
            var rounds = new List<Measurement>(Rounds);
            for (var round = 0; round < Rounds; round++) rounds.Add(await Measurement.OfAsync(async () =>
            {
                for (var call = 0; call < calls; call++) await comparison.Rqml();
            }, calls * comparison.Operations));
            var median = rounds.OrderBy(one => one.PerSecond).ElementAt(Rounds / 2);
            return string.Create(CultureInfo.InvariantCulture, $"{size}: {median.PerSecond:#,0}/s, {median.CpuMicroseconds:0.##} µs, {median.Bytes:#,0} B");
        }
        finally
        {
            await comparison.Cleanup();
        }
    }
}
