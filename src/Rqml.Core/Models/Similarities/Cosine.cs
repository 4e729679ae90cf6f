namespace Rqml.Models;

/// <summary>The cosine of the angle between two vectors, from 0 up.</summary>
/// <remarks>
/// Each vector is divided by its largest element first, so that no square overflows or vanishes. As √(x²) is x exactly in binary floating point, a vector's
/// cosine to itself is 1 and not nearly 1.
/// </remarks>
internal static class Cosine
{
    /// <summary>In [0, 1]; NaN where an element is not finite.</summary>
    public static double SimilarityOf(ReadOnlySpan<double> left, ReadOnlySpan<double> right)
    {
        var (leftLargest, rightLargest) = (Magnitude.Largest(left), Magnitude.Largest(right));
        if (!double.IsFinite(leftLargest) || !double.IsFinite(rightLargest)) return double.NaN;
        if (left.Length != right.Length) return 0;
        if (leftLargest == 0 || rightLargest == 0) return leftLargest == rightLargest ? 1 : 0;      // what has no direction is like its equal only

        var (dot, leftSquares, rightSquares) = (0.0, 0.0, 0.0);
        for (var i = 0; i < left.Length; i++)
        {
            var (x, y) = (left[i] / leftLargest, right[i] / rightLargest);
            dot += x * y;
            leftSquares += x * x;
            rightSquares += y * y;
        }

        return Math.Clamp(dot / Math.Sqrt(leftSquares * rightSquares), 0, 1);
    }
}
