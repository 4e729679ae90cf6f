using System.Runtime.InteropServices;

namespace Rqml.Queues;

/// <summary>Since when the oldest task waits, to an eighth of a second: tasks are counted by the step of time in which they came.</summary>
/// <remarks>The queue's heaps are sorted by rank, not by age. Exact times would take another heap; this takes a count, and a tree node for eight steps a second.</remarks>
internal sealed class ArrivalTimes
{
    private const int StepBits = 7;                             // 128 ms

    private readonly Dictionary<long, int> _counts = [];
    private readonly SortedSet<long> _steps = [];               // Invariant: the keys of _counts

    /// <summary>The start of the oldest step in which a waiting task came; null when none waits.</summary>
    public long? OldestMs => _steps.Count == 0 ? null : _steps.Min << StepBits;

    public void Add(long sinceMs)
    {
        ref var count = ref CollectionsMarshal.GetValueRefOrAddDefault(_counts, sinceMs >> StepBits, out var exists);
        count++;
        if (!exists) _steps.Add(sinceMs >> StepBits);
    }

    public void Remove(long sinceMs)
    {
        ref var count = ref CollectionsMarshal.GetValueRefOrNullRef(_counts, sinceMs >> StepBits);
        if (--count > 0) return;
        _counts.Remove(sinceMs >> StepBits);
        _steps.Remove(sinceMs >> StepBits);
    }
}
