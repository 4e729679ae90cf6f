using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Quickstart.Learning;

/// <summary>
/// The loops that training spends its time in. Always two by eight lanes, also on a machine with wider or narrower registers:
/// the order of additions, and with it every bit of the result, stays the same wherever a task continues.
/// </summary>
/// <remarks>Lengths are equal and multiples of eight (64 pixels, 64 hidden units, 1,000 lines); no product is fused with a sum.</remarks>
internal static class FixedLanes
{
    public static float Dot(ReadOnlySpan<float> left, ReadOnlySpan<float> right)
    {
        var a = Eights(left);
        var b = Eights(right)[..a.Length];
        var (even, odd) = (Vector256<float>.Zero, Vector256<float>.Zero);   // two sums, or each addition waits for the last
        var i = 0;
        for (; i + 1 < a.Length; i += 2)
        {
            even += a[i] * b[i];
            odd += a[i + 1] * b[i + 1];
        }

        if (i < a.Length) even += a[i] * b[i];
        return Sum(even + odd);
    }

    public static float SquaredDistance(ReadOnlySpan<float> left, ReadOnlySpan<float> right)
    {
        var a = Eights(left);
        var b = Eights(right)[..a.Length];
        var sum = Vector256<float>.Zero;
        for (var i = 0; i < a.Length; i++)
        {
            var difference = a[i] - b[i];
            sum += difference * difference;
        }

        return Sum(sum);
    }

    /// <summary><paramref name="target"/> becomes target + scale * source.</summary>
    public static void AddScaled(Span<float> target, float scale, ReadOnlySpan<float> source)
    {
        Debug.Assert(target.Length % Vector256<float>.Count == 0);
        var b = Eights(source);
        var a = MemoryMarshal.Cast<float, Vector256<float>>(target)[..b.Length];
        var factor = Vector256.Create(scale);
        for (var i = 0; i < b.Length; i++) a[i] += factor * b[i];
    }

    private static ReadOnlySpan<Vector256<float>> Eights(ReadOnlySpan<float> values)
    {
        Debug.Assert(values.Length % Vector256<float>.Count == 0);
        return MemoryMarshal.Cast<float, Vector256<float>>(values);
    }

    // Written out: the library's own sum does not promise an order.
    private static float Sum(Vector256<float> lanes)
    {
        var four = lanes.GetLower() + lanes.GetUpper();
        return four[0] + four[1] + (four[2] + four[3]);
    }
}
