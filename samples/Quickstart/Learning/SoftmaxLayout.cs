namespace Quickstart.Learning;

/// <summary>Where the parameters of a softmax regression lie: ten rows of 64 weights, then ten biases.</summary>
internal static class SoftmaxLayout
{
    public const int Count = Biases + Digits.LabelCount;

    private const int Biases = Digits.LabelCount * Digits.PixelCount;

    public static void Score(ReadOnlySpan<float> parameters, ReadOnlySpan<float> pixels, Span<float> scores)
    {
        for (var label = 0; label < scores.Length; label++)
        {
            scores[label] = FixedLanes.Dot(parameters.Slice(label * Digits.PixelCount, Digits.PixelCount), pixels) + parameters[Biases + label];
        }
    }

    /// <summary>Adds one line's share of the gradient; <paramref name="errors"/> are probabilities minus truth.</summary>
    public static void AddGradient(Span<float> gradient, ReadOnlySpan<float> errors, ReadOnlySpan<float> pixels)
    {
        for (var label = 0; label < errors.Length; label++)
        {
            FixedLanes.AddScaled(gradient.Slice(label * Digits.PixelCount, Digits.PixelCount), errors[label], pixels);
            gradient[Biases + label] += errors[label];
        }
    }
}
