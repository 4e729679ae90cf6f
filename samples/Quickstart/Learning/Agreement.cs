namespace Quickstart.Learning;

/// <summary>How alike two classifiers answer: the share of lines, from 0 to 1, that both give the same label.</summary>
public static class Agreement
{
    /// <summary>Over all of <see cref="Digits.Training"/>, which needs no sample to be known.</summary>
    public static double Of(Classifier one, Classifier other) => Of(one, other, AllLines);

    /// <summary>Over the given lines of <see cref="Digits.Training"/>.</summary>
    public static double Of(Classifier one, Classifier other, ReadOnlySpan<int> trainingLines)
    {
        ArgumentNullException.ThrowIfNull(one);
        ArgumentNullException.ThrowIfNull(other);
        ArgumentOutOfRangeException.ThrowIfZero(trainingLines.Length);

        var same = 0;
        foreach (var line in trainingLines)
        {
            if (one.PredictTraining(line).Label == other.PredictTraining(line).Label) same++;
        }

        return (double)same / trainingLines.Length;
    }

    private static int[] AllLines { get; } = [.. Enumerable.Range(0, Digits.Training.Count)];
}
