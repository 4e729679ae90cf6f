namespace Quickstart.Learning;

/// <summary>The label a classifier gives to a digit, and how sure it is, from 0 to 1.</summary>
public readonly record struct Prediction(int Label, float Confidence)
{
    /// <summary>The label with the highest score, the smaller of two equals. Its score, kept within bounds, is the confidence.</summary>
    internal static Prediction Highest(ReadOnlySpan<float> scores)
    {
        var label = 0;
        for (var other = 1; other < scores.Length; other++)
        {
            if (scores[other] > scores[label]) label = other;
        }

        return new Prediction(label, Math.Clamp(scores[label], 0f, 1f));
    }
}
