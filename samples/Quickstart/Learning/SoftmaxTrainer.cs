namespace Quickstart.Learning;

/// <summary>Softmax regression (multinomial logistic regression) by accelerated gradient descent: the model that begins.</summary>
/// <remarks>Y. Nesterov, "Introductory lectures on convex optimization", 2004, section 2.2, the scheme with constant step.</remarks>
public sealed class SoftmaxTrainer : ITrainer
{
    // The steepest curvature of the loss: at most half the mean squared length of a line (D. Böhning 1992), 16 with the bias.
    private const float CurvatureMax = 8f;

    // The least curvature is that of the pull towards zero: the usual default of 1 for a sum over 1,000 lines.
    private const float Decay = 1e-3f;

    // Both follow from the two curvatures, so that no step was tuned and none can diverge.
    private const float Step = 1f / (CurvatureMax + Decay);
    private static readonly float Momentum = (MathF.Sqrt(CurvatureMax) - MathF.Sqrt(Decay)) / (MathF.Sqrt(CurvatureMax) + MathF.Sqrt(Decay));

    private const int EpochsPerRound = 100;   // so that answers settle in about six rounds

    public ClassifierKind Kind => ClassifierKind.Softmax;

    public Classifier Train(Classifier? current, Bootstrap data)
    {
        ArgumentNullException.ThrowIfNull(data);
        var from = current?.Kind == Kind ? current : null;
        var parameters = from?.Parameters.ToArray() ?? new float[SoftmaxLayout.Count];   // the loss is convex: zero is as good a start as any
        var velocity = from?.Velocity.ToArray() ?? new float[SoftmaxLayout.Count];
        for (var epoch = 0; epoch < EpochsPerRound; epoch++) Descend(parameters, velocity, data);

        return new Classifier(Kind, (from?.Round ?? 0) + 1, new Weights(parameters), new Weights(velocity));
    }

    private static void Descend(float[] parameters, float[] velocity, Bootstrap data)
    {
        // The slope is taken where the momentum alone would lead, not where we stand: that is the whole acceleration.
        for (var i = 0; i < parameters.Length; i++) parameters[i] += Momentum * velocity[i];
        var gradient = Gradient(parameters, data);
        for (var i = 0; i < parameters.Length; i++)
        {
            var step = -Step * gradient[i];
            parameters[i] += step;
            velocity[i] = (Momentum * velocity[i]) + step;
        }
    }

    private static float[] Gradient(float[] parameters, Bootstrap data)
    {
        var gradient = new float[SoftmaxLayout.Count];
        Span<float> errors = stackalloc float[Digits.LabelCount];
        foreach (var line in data.Drawn)
        {
            var pixels = Digits.Training.Pixels(line);
            SoftmaxLayout.Score(parameters, pixels, errors);
            Probabilities.FromScores(errors);
            errors[Digits.Training.Label(line)] -= 1f;
            SoftmaxLayout.AddGradient(gradient, errors, pixels);
        }

        for (var i = 0; i < gradient.Length; i++) gradient[i] = (gradient[i] / data.Drawn.Length) + (Decay * parameters[i]);
        return gradient;
    }
}
