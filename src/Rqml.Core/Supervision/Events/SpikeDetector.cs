using System.Diagnostics;

namespace Rqml.Supervision.Events;

/// <summary>
/// Compares each duration with the last 128 by the robust z-score 0.6745 · (x − median) / MAD (Iglewicz and Hoaglin 1993), where MAD is the median
/// absolute deviation. Unlike mean and standard deviation, both medians stay put until half of the window is out of line.
/// </summary>
/// <remarks>A spike enters the window as any duration does: alone it hardly moves a median, and a model that has become slower for good must become the new normal.</remarks>
/// <param name="threshold">Scores above it are spikes.</param>
/// <param name="samples">Durations that have to be known before one can be a spike.</param>
internal sealed class SpikeDetector(double threshold, int samples)
{
    public const int Window = 128;

    // 0.75 quantile of the standard normal distribution: makes MAD an estimate of its standard deviation.
    private const double NormalQuartile = 0.6745;

    // Durations that are all the same would make a spike of the next millisecond. With these floors one is at least 9 ms and 45 % above the median at z = 6:
    // below that, timers, collections and neighbours make as much on any machine.
    private const double LeastDeviationMs = 1;
    private const double LeastDeviationOfMedian = 0.05;

    private readonly double[] _ring = new double[Window];        // in the order of coming
    private readonly double[] _sorted = new double[Window];      // the same durations in ascending order
    private int _next;

    public int Count { get; private set; }

    /// <summary>Judges a duration by those before it, then takes it among them. Null: no spike. O(window), without an allocation.</summary>
    /// <param name="durationMs">Milliseconds, finite and not negative.</param>
    public Spike? Add(double durationMs)
    {
        Debug.Assert(double.IsFinite(durationMs) && durationMs >= 0, "A duration is finite and not negative.");
        var spike = Count >= samples ? Judge(durationMs) : null;
        if (Count == Window) Forget(_ring[_next]);
        Remember(durationMs);
        _ring[_next] = durationMs;
        _next = (_next + 1) % Window;
        return spike;
    }

    private Spike? Judge(double durationMs)
    {
        var median = (_sorted[(Count - 1) / 2] + _sorted[Count / 2]) / 2;
        if (durationMs <= median) return null;
        var deviation = Math.Max(MedianDeviation(median), Math.Max(LeastDeviationMs, LeastDeviationOfMedian * median));
        var z = NormalQuartile * (durationMs - median) / deviation;
        return z > threshold ? new Spike(median, z) : null;
    }

    /// <summary>The deviations below the median grow to the left and those above it to the right: merged, they come in order.</summary>
    private double MedianDeviation(double median)
    {
        var right = Count / 2;
        var left = right - 1;
        var (before, current) = (0.0, 0.0);
        for (var taken = 0; taken <= Count / 2; taken++)
        {
            before = current;
            var below = left >= 0 ? median - _sorted[left] : double.PositiveInfinity;
            var above = right < Count ? _sorted[right] - median : double.PositiveInfinity;
            if (below <= above) (current, left) = (below, left - 1);
            else (current, right) = (above, right + 1);
        }

        return Count % 2 == 1 ? current : (before + current) / 2;
    }

    private void Forget(double durationMs)
    {
        var at = _sorted.AsSpan(0, Count).BinarySearch(durationMs);
        _sorted.AsSpan(at + 1, Count - at - 1).CopyTo(_sorted.AsSpan(at));
        Count--;
    }

    private void Remember(double durationMs)
    {
        var at = _sorted.AsSpan(0, Count).BinarySearch(durationMs);
        if (at < 0) at = ~at;
        _sorted.AsSpan(at, Count - at).CopyTo(_sorted.AsSpan(at + 1));
        _sorted[at] = durationMs;
        Count++;
    }
}

/// <summary>By how much a duration is out of line.</summary>
/// <param name="MedianMs">The median of those before it.</param>
/// <param name="RobustZ">Its robust z-score.</param>
internal readonly record struct Spike(double MedianMs, double RobustZ);
