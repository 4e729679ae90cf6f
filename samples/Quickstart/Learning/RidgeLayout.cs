namespace Quickstart.Learning;

/// <summary>
/// Where the parameters of a kernel ridge regression lie: for each of the ten labels a row with one coefficient for each of the
/// 1,000 training lines, zero for those that the sample left out. So a classifier needs no sample in order to predict.
/// </summary>
internal static class RidgeLayout
{
    public const int LineCount = 1_000;
    public const int Count = Digits.LabelCount * LineCount;

    public static Range Row(int label) => (label * LineCount)..((label + 1) * LineCount);

    /// <summary>Trained on ones and zeros, a score estimates its label's probability, though not always within 0 and 1.</summary>
    public static void Score(ReadOnlySpan<float> parameters, ReadOnlySpan<float> pixels, Span<float> scores)
    {
        Span<float> kernel = stackalloc float[LineCount];
        RbfKernel.Fill(kernel, pixels);
        ScoreKernel(parameters, kernel, scores);
    }

    public static void Score(ReadOnlySpan<float> parameters, int trainingLine, Span<float> scores) =>
        ScoreKernel(parameters, RbfKernel.TrainingRow(trainingLine), scores);

    private static void ScoreKernel(ReadOnlySpan<float> parameters, ReadOnlySpan<float> kernel, Span<float> scores)
    {
        for (var label = 0; label < scores.Length; label++) scores[label] = FixedLanes.Dot(parameters[Row(label)], kernel);
    }
}
