using System.Diagnostics;
using Rqml.Benchmarks.Ratios;
using Rqml.Checkpoints;
using Rqml.Diagnostics;
using Rqml.Hosting;
using Rqml.Refinement;
using Rqml.Storage;
using Rqml.Storage.RocksDb;

namespace Rqml.Benchmarks.Checkpoints;

/// <summary>What a worker waits when it leaves a checkpoint and goes on, with the writer at work on a disk beside it.</summary>
internal static class HandOff
{
    private const int Puts = 200_000;
    private const double MostMicroseconds = 1;

    public static async Task<Figure> MeasureAsync()
    {
        var folder = Directory.CreateTempSubdirectory("rqml-bench-").FullName;
        try
        {
            await using var store = new RocksDbStore(new RocksDbOptions { Path = folder });
            await store.OpenAsync(CancellationToken.None);
            var writer = new GroupCommit(store, Dispatcher.ThreadPool, TimeProvider.System, RqmlInstruments.OfProcess.Storage);
            var attempt = new Attempt(TaskId.Create(1, 1, new LedgerId(1)), new Epoch(1, 1, 1));
            var slot = new CheckpointSlot(attempt, writer, new CheckpointChain(), [new ModelDescriptor("model", 0, "family", 1, "cpu")], RqmlInstruments.OfProcess.Checkpoints);
            var snapshots = Snapshots(256);
            Measure(slot, snapshots, out _);      // compiles it
            var ticks = Measure(slot, snapshots, out var bytes);
            await writer.DrainAsync();
            await writer.CloseAsync();

            Array.Sort(ticks);
            var (half, most) = (Microseconds(ticks[Puts / 2]), Microseconds(ticks[Puts * 99 / 100]));
            return new Figure(FormattableString.Invariant($"p50 {half:0.00} µs, p99 {most:0.00} µs, {bytes:0} B"), most <= MostMicroseconds && bytes < 1);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>Artifacts of 1 KiB, each with the decision of its iteration already with the writer.</summary>
    private static RefinementSnapshot[] Snapshots(int count)
    {
        var snapshots = new RefinementSnapshot[count];
        for (var iteration = 0; iteration < count; iteration++)
        {
            var artifact = new byte[1 << 10];
            new Random(iteration).NextBytes(artifact);
            snapshots[iteration] = new RefinementSnapshot { Iteration = iteration + 1, Artifact = artifact, Best = artifact, HasArtifact = true };
        }

        return snapshots;
    }

    private static long[] Measure(CheckpointSlot slot, RefinementSnapshot[] snapshots, out double bytes)
    {
        var ticks = new long[Puts];
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var put = 0; put < Puts; put++)
        {
            var began = Stopwatch.GetTimestamp();
            slot.Put(snapshots[put % snapshots.Length]);
            ticks[put] = Stopwatch.GetTimestamp() - began;
            Thread.SpinWait(20);      // a worker has something else to do in between
        }

        bytes = (GC.GetAllocatedBytesForCurrentThread() - before) / (double)Puts;
        return ticks;
    }

    private static double Microseconds(long ticks) => ticks * 1e6 / Stopwatch.Frequency;
}
