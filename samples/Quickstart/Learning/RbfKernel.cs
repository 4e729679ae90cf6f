namespace Quickstart.Learning;

/// <summary>
/// How alike two digits are, from 0 to 1: exp(-gamma * squared distance), the Gaussian or "radial basis function" kernel.
/// </summary>
internal static class RbfKernel
{
    // One over 64 pixels times their variance, 0.14 in [0, 1]: the width that scikit-learn calls "scale" and takes by default.
    private const double Gamma = 0.11;

    // 4 MB, once a process: every sample is drawn from the same lines, so every sample's kernel is a part of this one.
    private static readonly Lazy<float[]> TrainingRows = new(ComputeTrainingRows);

    /// <summary>The kernel of one digit with each training line.</summary>
    public static void Fill(Span<float> row, ReadOnlySpan<float> pixels)
    {
        for (var line = 0; line < row.Length; line++)
        {
            // In double, then rounded: see Probabilities.
            row[line] = (float)Math.Exp(-Gamma * FixedLanes.SquaredDistance(pixels, Digits.Training.Pixels(line)));
        }
    }

    /// <summary>The kernel of one training line with each, the same bits as <see cref="Fill"/> gives.</summary>
    public static ReadOnlySpan<float> TrainingRow(int line) => TrainingRows.Value.AsSpan(line * Digits.Training.Count, Digits.Training.Count);

    private static float[] ComputeTrainingRows()
    {
        var count = Digits.Training.Count;
        var rows = new float[count * count];
        for (var line = 0; line < count; line++)
        {
            Fill(rows.AsSpan(line * count, count), Digits.Training.Pixels(line));
        }

        return rows;
    }
}
