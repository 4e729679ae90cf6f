using System.Text.Json.Serialization;

namespace Quickstart.Learning;

/// <summary>
/// A trained classifier and all that is needed to train it further: a copy read back from JSON continues bit for bit like the
/// original. Immutable, equal by value.
/// </summary>
public sealed record Classifier
{
    /// <exception cref="ArgumentException">The round or the number of floats is not one that a trainer of this kind can leave.</exception>
    [JsonConstructor]
    public Classifier(ClassifierKind kind, int round, Weights parameters, Weights velocity)
    {
        ArgumentNullException.ThrowIfNull(parameters);
        ArgumentNullException.ThrowIfNull(velocity);
        ArgumentOutOfRangeException.ThrowIfLessThan(round, 1);
        ArgumentOutOfRangeException.ThrowIfNotEqual(parameters.Count, ParameterCount(kind), nameof(parameters));
        ArgumentOutOfRangeException.ThrowIfNotEqual(velocity.Count, kind is ClassifierKind.RidgeRbf ? 0 : ParameterCount(kind), nameof(velocity));
        Kind = kind;
        Round = round;
        Parameters = parameters;
        Velocity = velocity;
    }

    public ClassifierKind Kind { get; }

    /// <summary>Training rounds done in this kind, from 1.</summary>
    public int Round { get; }

    /// <summary>What it predicts with, laid out as its kind wants it.</summary>
    public Weights Parameters { get; }

    /// <summary>What its optimiser remembers between rounds: one float a parameter, or none where it starts each round afresh.</summary>
    public Weights Velocity { get; }

    /// <summary>Reads one digit of 64 pixels in [0, 1].</summary>
    public Prediction Predict(ReadOnlySpan<float> pixels)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(pixels.Length, Digits.PixelCount, nameof(pixels));
        Span<float> scores = stackalloc float[Digits.LabelCount];
        switch (Kind)
        {
            case ClassifierKind.Softmax:
                SoftmaxLayout.Score(Parameters.Span, pixels, scores);
                Probabilities.FromScores(scores);
                break;
            case ClassifierKind.Perceptron:
                PerceptronLayout.Score(Parameters.Span, pixels, scores);
                Probabilities.FromScores(scores);
                break;
            default:
                RidgeLayout.Score(Parameters.Span, pixels, scores);
                break;
        }

        return Prediction.Highest(scores);
    }

    /// <summary>
    /// The same answer as for the pixels of that line of <see cref="Digits.Training"/>, but quicker where kernel values are at hand.
    /// </summary>
    public Prediction PredictTraining(int line)
    {
        if (Kind is not ClassifierKind.RidgeRbf) return Predict(Digits.Training.Pixels(line));

        Span<float> scores = stackalloc float[Digits.LabelCount];
        RidgeLayout.Score(Parameters.Span, line, scores);
        return Prediction.Highest(scores);
    }

    private static int ParameterCount(ClassifierKind kind) => kind switch
    {
        ClassifierKind.Softmax => SoftmaxLayout.Count,
        ClassifierKind.Perceptron => PerceptronLayout.Count,
        ClassifierKind.RidgeRbf => RidgeLayout.Count,
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "There is no classifier of this kind."),
    };
}
