using System.Runtime.InteropServices;

namespace Rqml.Queues;

/// <summary>Since when the oldest task waits, to an eighth of a second: tasks are counted by the step of time in which they came.</summary>
/// <remarks>
/// The queue's heaps are sorted by rank, not by age. Exact times would take another heap; this takes a count a step. The count of the step that the latest
/// task came in is kept at hand, so that a queue which empties as fast as it fills never touches the tree.
/// </remarks>
internal sealed class ArrivalTimes
{
    private const int StepBits = 7;                             // 128 ms

    private readonly Dictionary<long, int> _counts = [];        // of the other steps that have tasks
    private readonly SortedSet<long> _steps = [];               // Invariant: the keys of _counts
    private long _latestStep;
    private int _latestCount;

    /// <summary>The start of the oldest step in which a waiting task came; null when none waits.</summary>
    public long? OldestMs
    {
        get
        {
            if (_steps.Count == 0) return _latestCount > 0 ? _latestStep << StepBits : null;
            var oldest = _steps.Min;
            return (_latestCount > 0 ? Math.Min(oldest, _latestStep) : oldest) << StepBits;
        }
    }

    public void Add(long sinceMs)
    {
        var step = sinceMs >> StepBits;
        if (step != _latestStep) MoveTo(step);
        _latestCount++;
    }

    public void Remove(long sinceMs)
    {
        var step = sinceMs >> StepBits;
        if (step == _latestStep)
        {
            _latestCount--;
            return;
        }

        ref var count = ref CollectionsMarshal.GetValueRefOrNullRef(_counts, step);
        if (--count > 0) return;
        _counts.Remove(step);
        _steps.Remove(step);
    }

    private void MoveTo(long step)
    {
        if (_latestCount > 0)
        {
            _counts.Add(_latestStep, _latestCount);
            _steps.Add(_latestStep);
        }

        _latestStep = step;
        if (_counts.Remove(step, out _latestCount)) _steps.Remove(step);
    }
}
