namespace Rqml.Models;

/// <summary>How large the elements of a vector are: what to divide by before squaring.</summary>
internal static class Magnitude
{
    /// <summary>The largest absolute element; 0 of none; NaN where one is NaN.</summary>
    public static double Largest(ReadOnlySpan<double> vector)
    {
        var largest = 0.0;
        foreach (var element in vector) largest = Math.Max(largest, Math.Abs(element));      // Max lets NaN through
        return largest;
    }
}
