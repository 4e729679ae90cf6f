using System.Numerics;

namespace Rqml.Scheduling;

/// <summary>Weights in numbered slots, drawn in proportion: O(log n) to change one and to draw. Not thread-safe.</summary>
/// <remarks>
/// Fenwick, "A new data structure for cumulative frequency tables", 1994; the draw is his descent by bits. Adding differences to floating-point sums
/// drifts. So the sums are made anew from the weights after as many changes as there are slots (1,024 at least), when the total has fallen below a
/// thousandth of its peak (what is left would be the rounding of what has gone), and when nothing is left; which costs O(1) a change on average and
/// keeps a draw's error below 2^-30.
/// </remarks>
internal sealed class FenwickTree
{
    private const int FewestChangesToRebuild = 1024;
    private const double LeastOfPeak = 1e-3;
    private const double LargestWeight = 1e100;                 // far from overflow, however many there are

    private readonly Stack<int> _removed = new();
    private double[] _weights = [];
    private double[] _sums = [0];                               // _sums[i], i from 1: the sum of the i & -i weights that end at slot i - 1
    private int _positive;
    private int _changes;
    private double _peak;

    /// <summary>Slots in use and removed ones that were not used again: every slot is below this.</summary>
    public int Length { get; private set; }

    /// <summary>The sum of all weights: zero exactly when none is positive.</summary>
    public double Total => _sums[^1];

    /// <summary>The weight of a slot.</summary>
    public double this[int slot]
    {
        get
        {
            ThrowIfOutside(slot);
            return _weights[slot];
        }
    }

    /// <summary>Takes a slot, a removed one if there is any, and gives it a weight.</summary>
    public int Add(double weight)
    {
        ThrowIfNotAWeight(weight);
        if (!_removed.TryPop(out var slot))
        {
            if (Length == _weights.Length) Grow();
            slot = Length++;
        }

        Change(slot, weight);
        return slot;
    }

    /// <summary>Sets the weight of a slot: finite, zero or more, up to 1e100.</summary>
    public void Set(int slot, double weight)
    {
        ThrowIfOutside(slot);
        ThrowIfNotAWeight(weight);
        Change(slot, weight);
    }

    /// <summary>Gives a slot up, to be used again by <see cref="Add"/>. Its owner may not name it any more.</summary>
    public void Remove(int slot)
    {
        ThrowIfOutside(slot);
        Change(slot, 0);
        _removed.Push(slot);
    }

    // Hot: must not allocate, and take no more than the logarithm of the slots.
    /// <summary>
    /// The slot that holds the point <paramref name="u"/>, from 0 to below <see cref="Total"/>, when all weights are laid end to end. Its weight is positive.
    /// </summary>
    public int Draw(double u)
    {
        if (!(u >= 0 && u < Total)) throw new ArgumentOutOfRangeException(nameof(u), u, $"A draw takes a point from 0 to below the total weight, {Total}.");
        var sums = _sums;
        var slot = 0;
        for (var step = _weights.Length / 2; step > 0; step /= 2)
        {
            var left = sums[slot + step];
            if (u < left) continue;
            u -= left;
            slot += step;
        }

        return _weights[slot] > 0 ? slot : NearestPositive(slot);
    }

    private void Change(int slot, double weight)
    {
        var before = _weights[slot];
        if (weight == before) return;
        _weights[slot] = weight;
        if (before > 0) _positive--;
        if (weight > 0) _positive++;

        var difference = weight - before;
        for (var i = slot + 1; i < _sums.Length; i += i & -i) _sums[i] += difference;

        _peak = Math.Max(_peak, Total);
        if (++_changes >= Math.Max(FewestChangesToRebuild, Length) || _positive == 0 || Total < _peak * LeastOfPeak) Rebuild();
    }

    private void Grow()
    {
        Array.Resize(ref _weights, (int)BitOperations.RoundUpToPowerOf2((uint)Length + 1));
        _sums = new double[_weights.Length + 1];
        Rebuild();
    }

    private void Rebuild()
    {
        _weights.CopyTo(_sums, 1);
        for (var i = 1; i < _sums.Length; i++)
        {
            var parent = i + (i & -i);
            if (parent < _sums.Length) _sums[parent] += _sums[i];
        }

        _changes = 0;
        _peak = Total;
    }

    // The sums are rounded, so a point at the very end of a weight may fall upon its neighbour, which may weigh nothing.
    private int NearestPositive(int slot)
    {
        for (var distance = 1; ; distance++)
        {
            if (slot - distance >= 0 && _weights[slot - distance] > 0) return slot - distance;
            if (slot + distance < Length && _weights[slot + distance] > 0) return slot + distance;
        }
    }

    private void ThrowIfOutside(int slot)
    {
        if ((uint)slot >= (uint)Length) throw new ArgumentOutOfRangeException(nameof(slot), slot, $"There are {Length} slots.");
    }

    private static void ThrowIfNotAWeight(double weight)
    {
        if (!(weight >= 0 && weight <= LargestWeight)) throw new ArgumentOutOfRangeException(nameof(weight), weight, "A weight is from 0 to 1e100.");
    }
}
