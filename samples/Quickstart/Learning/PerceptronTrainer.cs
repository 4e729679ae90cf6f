namespace Quickstart.Learning;

/// <summary>A perceptron with one hidden layer by stochastic gradient descent with momentum: as small a model, of another family.</summary>
public sealed class PerceptronTrainer : ITrainer
{
    private const int BatchSize = 25;       // 40 even batches from 1,000 draws
    private const float Momentum = 0.9f;    // customary since Rumelhart, Hinton and Williams, 1986
    private const float Decay = 1e-4f;      // customary, and of little weight here

    // Small and constant: a larger step learns the sample within the first round, then answers jump about instead of settling.
    // Judged by the rounds until answers settle, on left-out lines.
    private const float Step = 0.0015f;
    private const int EpochsPerRound = 40;

    public ClassifierKind Kind => ClassifierKind.Perceptron;

    public Classifier Train(Classifier? current, Bootstrap data)
    {
        ArgumentNullException.ThrowIfNull(data);
        var from = current?.Kind == Kind ? current : null;
        var round = (from?.Round ?? 0) + 1;

        // Each round draws from a generator of its own, so that none has to be carried from round to round.
        var random = SplitMix64.For(data.Seed, (ulong)data.Number, (ulong)round);
        var parameters = from?.Parameters.ToArray() ?? PerceptronLayout.Draw(ref random);
        var velocity = from?.Velocity.ToArray() ?? new float[PerceptronLayout.Count];

        int[] order = [.. data.Drawn];
        for (var epoch = 0; epoch < EpochsPerRound; epoch++)
        {
            random.Shuffle(order);
            Descend(parameters, velocity, order);
        }

        return new Classifier(Kind, round, new Weights(parameters), new Weights(velocity));
    }

    private static void Descend(float[] parameters, float[] velocity, ReadOnlySpan<int> order)
    {
        var gradient = new float[PerceptronLayout.Count];
        for (; order.Length > 0; order = order[BatchSize..])
        {
            Array.Clear(gradient);
            foreach (var line in order[..BatchSize]) AddGradient(gradient, parameters, line);
            for (var i = 0; i < parameters.Length; i++)
            {
                velocity[i] = (Momentum * velocity[i]) - (Step * ((gradient[i] / BatchSize) + (Decay * parameters[i])));
                parameters[i] += velocity[i];
            }
        }
    }

    private static void AddGradient(float[] gradient, float[] parameters, int line)
    {
        Span<float> hidden = stackalloc float[PerceptronLayout.HiddenCount];
        Span<float> errors = stackalloc float[Digits.LabelCount];
        var pixels = Digits.Training.Pixels(line);
        PerceptronLayout.Score(parameters, pixels, hidden, errors);
        Probabilities.FromScores(errors);
        errors[Digits.Training.Label(line)] -= 1f;
        PerceptronLayout.AddGradient(gradient, parameters, pixels, hidden, errors);
    }
}
