namespace Quickstart.Learning;

/// <summary>Turns ten scores of any size into the probabilities of ten labels.</summary>
internal static class Probabilities
{
    /// <summary>The softmax function, in place.</summary>
    public static void FromScores(Span<float> scores)
    {
        var highest = scores[0];   // subtracted, so that no exponential overflows
        foreach (var score in scores) highest = MathF.Max(highest, score);

        var sum = 0f;
        foreach (ref var score in scores)
        {
            // In double, then rounded: two systems' mathematical libraries may differ in the last bit, and rounding drops it.
            score = (float)Math.Exp(score - highest);
            sum += score;
        }

        foreach (ref var score in scores) score /= sum;
    }
}
