using Quickstart.Learning;
using Rqml;

namespace Quickstart;

/// <summary>The task class: from a sample of the training lines to a classifier, one training round an iteration.</summary>
public static class LearnDigits
{
    public static TaskClass<Sample, Classifier> Class { get; } = new("learn-digits", LearningJson.Default.Sample, LearningJson.Default.Classifier);

    /// <summary>Three families of models, each larger than the one before; what is stable below the bar goes on to the next.</summary>
    public static void Configure(TaskClassBuilder<Sample, Classifier> digits, Journal? journal)
    {
        ArgumentNullException.ThrowIfNull(digits);
        digits
            .AddModel("softmax", Rounds(new SoftmaxTrainer(), journal), tier: 0, family: "linear")
            .AddModel("perceptron", Rounds(new PerceptronTrainer(), journal), tier: 1, family: "neural", cost: 2)
            .AddModel("rbf-ridge", Rounds(new RidgeTrainer(), journal), tier: 2, family: "kernel", cost: 4)
            .ScoreWith<LeftOutAccuracy>()
            .CompareWith<SameAnswers>()
            .ConvergeWhenAll(Stability.Over(3).AtLeast(0.995))
            .AcceptAt(0.99)
            .Limit(iterations: 60);
    }

    private static Func<RefinementContext<Sample, Classifier>, CancellationToken, ValueTask<Refinement<Classifier>>> Rounds(ITrainer trainer, Journal? journal) =>
        (context, _) =>
        {
            journal?.Called(context.Attempt, context.Iteration);
            return new(trainer.Train(context.Artifact, Bootstrap.Draw(context.Payload.Seed, context.Payload.Number)));
        };
}

/// <summary>The score: how many of the lines that its sample left out a classifier reads rightly.</summary>
internal sealed class LeftOutAccuracy : IArtifactScorer<Sample, Classifier>
{
    public ValueTask<double> ScoreAsync(Sample payload, Classifier artifact, CancellationToken cancellationToken) =>
        new(Accuracy.On(artifact, Bootstrap.Draw(payload.Seed, payload.Number).LeftOut.AsSpan()));
}

/// <summary>Two classifiers are alike where they give the same answers.</summary>
internal sealed class SameAnswers : IArtifactSimilarity<Classifier>
{
    public ValueTask<double> MeasureAsync(Classifier left, Classifier right, CancellationToken cancellationToken) => new(Agreement.Of(left, right));
}
