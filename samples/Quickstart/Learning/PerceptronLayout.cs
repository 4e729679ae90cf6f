namespace Quickstart.Learning;

/// <summary>
/// Where the parameters of a perceptron with 64 pixels, 64 hidden units and 10 labels lie, how it scores and how its errors
/// flow back. Weights come in rows of 64, one a unit, then the units' biases; the hidden layer before the outer one.
/// </summary>
internal static class PerceptronLayout
{
    public const int HiddenCount = 64;
    public const int Count = OuterBiases + Digits.LabelCount;

    private const int HiddenBiases = HiddenCount * Digits.PixelCount;
    private const int OuterRows = HiddenBiases + HiddenCount;
    private const int OuterBiases = OuterRows + (Digits.LabelCount * HiddenCount);

    /// <summary>Random weights as wide as keeps the signal's size from layer to layer (K. He and others 2015); biases of zero.</summary>
    public static float[] Draw(ref SplitMix64 random)
    {
        var parameters = new float[Count];
        Fill(parameters.AsSpan(..HiddenBiases), MathF.Sqrt(6f / Digits.PixelCount), ref random);
        Fill(parameters.AsSpan(OuterRows..OuterBiases), MathF.Sqrt(6f / HiddenCount), ref random);
        return parameters;
    }

    public static void Score(ReadOnlySpan<float> parameters, ReadOnlySpan<float> pixels, Span<float> scores)
    {
        Span<float> hidden = stackalloc float[HiddenCount];
        Score(parameters, pixels, hidden, scores);
    }

    public static void Score(ReadOnlySpan<float> parameters, ReadOnlySpan<float> pixels, Span<float> hidden, Span<float> scores)
    {
        for (var unit = 0; unit < hidden.Length; unit++)
        {
            var input = FixedLanes.Dot(parameters.Slice(unit * Digits.PixelCount, Digits.PixelCount), pixels) + parameters[HiddenBiases + unit];
            hidden[unit] = MathF.Max(input, 0f);
        }

        for (var label = 0; label < scores.Length; label++)
        {
            scores[label] = FixedLanes.Dot(OuterRow(parameters, label), hidden) + parameters[OuterBiases + label];
        }
    }

    /// <summary>Adds one line's share of the gradient; <paramref name="errors"/> are probabilities minus truth.</summary>
    public static void AddGradient(
        Span<float> gradient, ReadOnlySpan<float> parameters, ReadOnlySpan<float> pixels, ReadOnlySpan<float> hidden, ReadOnlySpan<float> errors)
    {
        Span<float> hiddenErrors = stackalloc float[HiddenCount];
        hiddenErrors.Clear();
        for (var label = 0; label < errors.Length; label++)
        {
            FixedLanes.AddScaled(hiddenErrors, errors[label], OuterRow(parameters, label));
            FixedLanes.AddScaled(gradient.Slice(OuterRows + (label * HiddenCount), HiddenCount), errors[label], hidden);
            gradient[OuterBiases + label] += errors[label];
        }

        for (var unit = 0; unit < HiddenCount; unit++)
        {
            if (hidden[unit] == 0f) continue;   // a silent unit had no part in the error
            FixedLanes.AddScaled(gradient.Slice(unit * Digits.PixelCount, Digits.PixelCount), hiddenErrors[unit], pixels);
            gradient[HiddenBiases + unit] += hiddenErrors[unit];
        }
    }

    private static ReadOnlySpan<float> OuterRow(ReadOnlySpan<float> parameters, int label) =>
        parameters.Slice(OuterRows + (label * HiddenCount), HiddenCount);

    private static void Fill(Span<float> weights, float width, ref SplitMix64 random)
    {
        foreach (ref var weight in weights) weight = width * random.Symmetric();
    }
}
