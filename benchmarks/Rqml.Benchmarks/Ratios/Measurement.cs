using System.Diagnostics;

namespace Rqml.Benchmarks.Ratios;

/// <summary>What one side of a row took in one round.</summary>
/// <param name="PerSecond">Operations a second.</param>
/// <param name="Bytes">Allocated, an operation.</param>
/// <param name="CpuMicroseconds">On all processors together, an operation: steadier than the rate on a machine that others share.</param>
/// <param name="PoolItems">Thread pool items, an operation.</param>
/// <param name="Pauses">Share of the time in which the collector held everything up.</param>
/// <param name="Collections">Collections of the youngest generation, a million operations.</param>
internal readonly record struct Measurement(double PerSecond, double Bytes, double CpuMicroseconds, double PoolItems, double Pauses, double Collections)
{
    public static async Task<Measurement> OfAsync(Func<Task> work, int operations)
    {
        var items = ThreadPool.CompletedWorkItemCount;
        var bytes = GC.GetTotalAllocatedBytes(precise: true);
        var (paused, collections) = (GC.GetTotalPauseDuration(), GC.CollectionCount(0));
        var cpu = Environment.CpuUsage.TotalTime;
        var began = Stopwatch.GetTimestamp();
        await work();
        var seconds = Stopwatch.GetElapsedTime(began).TotalSeconds;
        var spent = Environment.CpuUsage.TotalTime - cpu;
        return new Measurement(operations / seconds, (GC.GetTotalAllocatedBytes(precise: true) - bytes) / (double)operations, spent.TotalMicroseconds / operations, (ThreadPool.CompletedWorkItemCount - items) / (double)operations,
            (GC.GetTotalPauseDuration() - paused).TotalSeconds / seconds, (GC.CollectionCount(0) - collections) * 1e6 / operations);
    }
}
