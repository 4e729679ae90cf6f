namespace Rqml.Models;

/// <summary>How near two vectors are in the Euclidean norm, by the length of the longer one.</summary>
internal static class RelativeDistance
{
    /// <summary>1 − ‖a − b‖ / max(‖a‖, ‖b‖) in [0, 1]; NaN where an element is not finite.</summary>
    public static double SimilarityOf(ReadOnlySpan<double> left, ReadOnlySpan<double> right)
    {
        var largest = Math.Max(Magnitude.Largest(left), Magnitude.Largest(right));
        if (!double.IsFinite(largest)) return double.NaN;
        if (left.Length != right.Length) return 0;
        if (largest == 0) return 1;

        // The ratio does not change when all is divided by the same number; and then no square overflows.
        var (apart, leftSquares, rightSquares) = (0.0, 0.0, 0.0);
        for (var i = 0; i < left.Length; i++)
        {
            var (x, y) = (left[i] / largest, right[i] / largest);
            apart += (x - y) * (x - y);
            leftSquares += x * x;
            rightSquares += y * y;
        }

        return Math.Max(0, 1 - Math.Sqrt(apart / Math.Max(leftSquares, rightSquares)));
    }
}
