namespace Quickstart.Learning;

/// <summary>The share of lines, from 0 to 1, that a classifier reads rightly.</summary>
public static class Accuracy
{
    /// <summary>On lines of <see cref="Digits.Training"/>; an honest figure for lines that its sample left out.</summary>
    public static double On(Classifier classifier, ReadOnlySpan<int> trainingLines)
    {
        ArgumentNullException.ThrowIfNull(classifier);
        ArgumentOutOfRangeException.ThrowIfZero(trainingLines.Length);
        var right = 0;
        foreach (var line in trainingLines)
        {
            if (classifier.PredictTraining(line).Label == Digits.Training.Label(line)) right++;
        }

        return (double)right / trainingLines.Length;
    }

    /// <summary>On all of the given digits, such as <see cref="Digits.Test"/>.</summary>
    public static double On(Classifier classifier, Digits digits)
    {
        ArgumentNullException.ThrowIfNull(classifier);
        ArgumentNullException.ThrowIfNull(digits);
        var right = Enumerable.Range(0, digits.Count).Count(line => classifier.Predict(digits.Pixels(line)).Label == digits.Label(line));
        return (double)right / digits.Count;
    }
}
