using System.Numerics.Tensors;
using MathNet.Numerics.LinearAlgebra;

namespace Rqml.DoesItPay.Labelling;

/// <summary>
/// Kernel ridge regression that compares a digit with a given number of centres and was fitted to all lines of its sample. With all lines as centres it is
/// the plain method; with fewer, the "subset of regressors", which loses less than learning from fewer lines would.
/// </summary>
/// <remarks>T. Poggio and F. Girosi, "Networks for approximation and learning", 1990, section V, on fewer centres than lines.</remarks>
internal sealed class KernelReader
{
    // Both as in the quickstart, whose ridge this is: see its RbfKernel and RidgeSystem.
    private const float Gamma = 0.11f;
    private const double Penalty = 0.01;

    private readonly int _count;
    private readonly float[] _centres;        // _count rows of 64 pixels
    private readonly float[] _squares;        // beside them, their squared lengths
    private readonly float[] _coefficients;   // ten rows, one a label, of _count

    private KernelReader(IReadOnlyList<int> lines)
    {
        _count = lines.Count;
        _centres = [.. lines.SelectMany(line => Digits.Training.Pixels(line).ToArray())];
        _squares = [.. lines.Select(line => TensorPrimitives.SumOfSquares(Digits.Training.Pixels(line)))];
        _coefficients = new float[Digits.LabelCount * _count];
    }

    /// <summary>Takes the first so many different lines of the sample as centres, in drawing order; all, where there are fewer.</summary>
    public static KernelReader Fit(Bootstrap data, int centresMax)
    {
        var lines = data.Drawn.CountBy(line => line).ToArray();
        var reader = new KernelReader([.. lines.Take(centresMax).Select(line => line.Key)]);

        // Least squares over all lines, each as often as it was drawn: (K'WK + penalty * C) a = K'Wy, with C the part of K that belongs to the centres.
        var kernel = Matrix<double>.Build.Dense(lines.Length, reader._count);
        var row = new float[reader._count];
        for (var line = 0; line < lines.Length; line++)
        {
            reader.Compare(Digits.Training.Pixels(lines[line].Key), row);
            for (var centre = 0; centre < row.Length; centre++) kernel[line, centre] = row[centre];
        }

        var targets = Matrix<double>.Build.Dense(lines.Length, Digits.LabelCount, (line, label) => Digits.Training.Label(lines[line].Key) == label ? 1 : 0);
        var weighted = Matrix<double>.Build.Dense(lines.Length, reader._count, (line, centre) => kernel[line, centre] * lines[line].Value);
        var system = kernel.TransposeThisAndMultiply(weighted) + (Penalty * kernel.SubMatrix(0, reader._count, 0, reader._count));
        var solution = system.LU().Solve(weighted.TransposeThisAndMultiply(targets));
        for (var i = 0; i < reader._coefficients.Length; i++) reader._coefficients[i] = (float)solution[i % reader._count, i / reader._count];
        return reader;
    }

    /// <summary>Reads one digit of 64 pixels in [0, 1].</summary>
    public Prediction Predict(ReadOnlySpan<float> pixels)
    {
        Span<float> kernel = stackalloc float[_count];
        Compare(pixels, kernel);
        Span<float> scores = stackalloc float[Digits.LabelCount];
        for (var label = 0; label < scores.Length; label++) scores[label] = TensorPrimitives.Dot<float>(_coefficients.AsSpan(label * _count, _count), kernel);
        var highest = TensorPrimitives.IndexOfMax<float>(scores);
        return new Prediction(highest, Math.Clamp(scores[highest], 0f, 1f));
    }

    // exp(-gamma |x - c|²), with |x - c|² = |x|² + |c|² - 2 x·c: the lengths of the centres are known beforehand.
    private void Compare(ReadOnlySpan<float> pixels, Span<float> kernel)
    {
        for (var centre = 0; centre < _count; centre++)
        {
            kernel[centre] = TensorPrimitives.Dot(_centres.AsSpan(centre * Digits.PixelCount, Digits.PixelCount), pixels);
        }

        TensorPrimitives.MultiplyAdd(kernel, -2f, _squares, kernel);
        TensorPrimitives.Add(kernel, TensorPrimitives.SumOfSquares(pixels), kernel);
        TensorPrimitives.Multiply(kernel, -Gamma, kernel);
        TensorPrimitives.Exp<float>(kernel, kernel);
    }
}
