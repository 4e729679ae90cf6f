using System.Diagnostics;
using System.Globalization;
using Microsoft.Extensions.DependencyInjection;
using Rqml.Benchmarks.Ratios;

namespace Rqml.Benchmarks.Checkpoints;

/// <summary>
/// The tasks of <see cref="TenCheckpointed"/> in a process of their own that is killed half way and started again; judged by a log that the application keeps, and
/// by the model's calls for tasks that the log has.
/// </summary>
internal static class KilledRun
{
    private const int Tasks = 10_000;
    private const int KillAfter = Tasks / 2;

    public static async Task<Figure> MeasureAsync()
    {
        var folder = Directory.CreateTempSubdirectory("rqml-bench-").FullName;
        try
        {
            var (before, beforeRate) = await RunAsync(folder, KillAfter);
            var (after, afterRate) = await RunAsync(folder, killAfter: null);
            var settled = before.Concat(after).ToList();
            var lost = Tasks - settled.Distinct().Count();
            var twice = settled.Count - settled.Distinct().Count();
            var again = int.Parse(await File.ReadAllTextAsync(Path.Combine(folder, "again")), CultureInfo.InvariantCulture);
            return new Figure(
                FormattableString.Invariant($"{Tasks} tasks, kill -9 after {before.Count}: {lost} lost, {twice} heard of twice, {again} run again after their end; {beforeRate:0} tasks/s before, {afterRate:0} after"),
                lost == 0 && twice == 0 && again == 0 && before.Count < Tasks);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>What the child does: submits what its log does not have, under a key each, and notes each completion in one write.</summary>
    public static async Task WorkAsync(string folder)
    {
        var path = Path.Combine(folder, "completed");
        var known = File.Exists(path) ? Read(path) : [];
        var again = 0;
        using var host = await TenCheckpointed.StartAsync(Path.Combine(folder, "store"), number =>
        {
            if (known.Contains(number)) Interlocked.Increment(ref again);      // it was settled before we were killed, and is at work again
        });
        var client = host.Services.GetRequiredService<IRqmlClient>();
        await using var log = new FileStream(path, FileMode.Append, FileAccess.Write, FileShare.Read, bufferSize: 0);
        var writing = new Lock();
        await Benchmarks.Work.DriveAsync(Tasks, Benchmarks.Work.InFlight, async number =>
        {
            if (known.Contains(number)) return;
            var payload = Benchmarks.Work.NewPayload(Benchmarks.Work.PayloadBytes, number);
            var task = await client.SubmitAsync(TenCheckpointed.Class, payload, new SubmitOptions { IdempotencyKey = number.ToString(CultureInfo.InvariantCulture), KeepResult = TimeSpan.FromHours(1) });
            var result = await task.Completion;
            TenCheckpointed.Check(payload, result.ArtifactBytes);
            var line = System.Text.Encoding.ASCII.GetBytes(FormattableString.Invariant($"{number}\n"));
            lock (writing) log.Write(line);
            lock (writing) Console.Out.WriteLine(number);
        });
        await host.StopAsync();
        await File.WriteAllTextAsync(Path.Combine(folder, "again"), again.ToString(CultureInfo.InvariantCulture));
    }

    private static async Task<(IReadOnlyCollection<long> Settled, double PerSecond)> RunAsync(string folder, int? killAfter)
    {
        var path = Path.Combine(folder, "completed");
        var earlier = File.Exists(path) ? Read(path) : [];
        var start = new ProcessStartInfo("dotnet", [typeof(KilledRun).Assembly.Location, "killed-run", folder]) { RedirectStandardOutput = true };
        using var process = Process.Start(start) ?? throw new InvalidOperationException("The child did not start.");
        var (heard, began) = (0, 0L);
        while (await process.StandardOutput.ReadLineAsync() is not null)
        {
            if (heard++ == 0) began = Stopwatch.GetTimestamp();
            if (heard == killAfter) process.Kill();
        }

        var seconds = Stopwatch.GetElapsedTime(began).TotalSeconds;
        await process.WaitForExitAsync();
        if (killAfter is null && process.ExitCode != 0) throw new InvalidOperationException($"The child ended with {process.ExitCode}.");
        var all = File.ReadAllLines(path).Where(line => line.Length > 0).Select(line => long.Parse(line, CultureInfo.InvariantCulture)).ToList();
        foreach (var one in earlier) all.Remove(one);
        return (all, heard / seconds);
    }

    private static HashSet<long> Read(string path) => [.. File.ReadAllLines(path).Where(line => line.Length > 0).Select(line => long.Parse(line, CultureInfo.InvariantCulture))];
}
