using System.Diagnostics;
using Rqml.Storage.CrashChild;
using Xunit.Abstractions;

namespace Rqml.Storage.Tests.Crashes;

/// <summary>kill -9 at random moments, on stores that live through all of them.</summary>
public sealed class KillTests(ITestOutputHelper output)
{
    private const int Lanes = 2;
    private const int KillsPerLane = 100;

    [Fact]
    public async Task Two_hundred_kills_lose_no_acknowledged_commit()
    {
        var lanes = await Task.WhenAll(Enumerable.Range(1, Lanes).Select(seed => Task.Run(() => Run(seed))));

        var reopens = lanes.SelectMany(lane => lane.ReopenMs).Order().ToList();
        output.WriteLine($"{Lanes * KillsPerLane} kills (seeds 1 to {Lanes}), {lanes.Sum(lane => lane.InOpening)} of them while opening, after {lanes.Sum(lane => lane.Commits)} commits;");
        output.WriteLine($"{lanes.Sum(lane => lane.Unacknowledged)} times a commit was there that had not been acknowledged; reopened {reopens.Count} times:");
        output.WriteLine($"p50 {reopens[reopens.Count / 2]:f0} ms, p99 {reopens[reopens.Count * 99 / 100]:f0} ms, max {reopens[^1]:f0} ms");
    }

    private static LaneResult Run(int seed)
    {
        using var folder = new TemporaryFolder();
        var random = new Random(seed);
        var model = new StoreModel(seed);
        var result = new LaneResult();
        var (acknowledged, started) = (0L, 0L);
        for (var kill = 0; kill < KillsPerLane; kill++)
        {
            using var child = StoreChild.Start(folder["store"], seed, commits: int.MaxValue);
            if (random.Next(8) == 0)
            {
                // While it opens, which may be while it recovers from the kill before.
                child.ReadUntil(ReportKind.Opening);
                Spin(random.Next(60_000));
                result.InOpening++;
            }
            else
            {
                child.ReadUntil(ReportKind.Acknowledged, 1 + random.Next(80));
                Spin(random.Next(4_000));
            }

            child.Kill();
            child.End();
            Assert.True(child.ExitCode == 137, $"seed {seed}, kill {kill}: the child ended by itself: {child.Errors()}");
            acknowledged = Math.Max(acknowledged, child.Acknowledged);
            started = Math.Max(started, child.Started);
            if (random.Next(5) == 0) continue;      // the next child recovers, and may be killed while it does

            var found = Verify(folder["store"], model, result, $"seed {seed}, kill {kill}");
            Assert.True(found >= acknowledged && found <= started, $"seed {seed}, kill {kill}: {found} is not in {acknowledged}..{started}");
            if (found > acknowledged) result.Unacknowledged++;
            result.Commits = found;
            started = found;
        }

        return result;
    }

    private static long Verify(string path, StoreModel model, LaneResult result, string where)
    {
        var store = CrashStore.Create(path);
        var before = Stopwatch.GetTimestamp();
        store.OpenAsync(CancellationToken.None).AsTask().GetAwaiter().GetResult();
        result.ReopenMs.Add(Stopwatch.GetElapsedTime(before).TotalMilliseconds);
        var commit = store.LastCommit;
        model.AdvanceTo(commit);
        var difference = model.Difference(store);
        store.DisposeAsync().AsTask().GetAwaiter().GetResult();
        Assert.True(difference is null, $"{where}: {difference}");
        return commit;
    }

    // A random moment, not a wait for anything: whatever the child is doing then is what it is killed in.
    private static void Spin(int microseconds)
    {
        var until = Stopwatch.GetTimestamp() + (microseconds * Stopwatch.Frequency / 1_000_000);
        while (Stopwatch.GetTimestamp() < until) Thread.SpinWait(20);
    }

    private sealed class LaneResult
    {
        public List<double> ReopenMs { get; } = [];

        public int InOpening { get; set; }

        public int Unacknowledged { get; set; }

        public long Commits { get; set; }
    }
}
