using Quickstart.Learning;
using Rqml;
using Rqml.Supervision;

namespace Quickstart;

/// <summary>The task class: from a sample of the training lines to a classifier, one training round an iteration.</summary>
public static class LearnDigits
{
    /// <summary>The model that begins each task.</summary>
    public const string Small = "softmax";

    /// <summary>The score from which on a classifier is good enough.</summary>
    public const double Bar = 0.99;

    public static TaskClass<Sample, Classifier> Class { get; } = new("learn-digits", LearningJson.Default.Sample, LearningJson.Default.Classifier);

    /// <summary>Who learns, how good is good enough, and what is tried when a loop does not get on.</summary>
    public static void Configure(TaskClassBuilder<Sample, Classifier> digits, Journal? journal)
    {
        ArgumentNullException.ThrowIfNull(digits);
        digits
            .AddModel(Small, Rounds(new SoftmaxTrainer(), journal), tier: 0, family: "linear")              // the first of the lowest tier begins
            .AddModel("perceptron", Rounds(new PerceptronTrainer(), journal), tier: 0, family: "neural", cost: 2)
            .AddModel("rbf-ridge", Rounds(new RidgeTrainer(), journal), tier: 1, family: "kernel", cost: 4)
            .ScoreWith<LeftOutAccuracy>()
            .CompareWith<SameAnswers>()
            .AcceptAt(Bar)

            // Done at the bar when five rounds in a row give the same answers for 998 of 1,000 digits, and the last of them hardly a new one.
            .ConvergeWhenAll(Stability.Over(5).AtLeast(0.998), Novelty.Below(0.002).Within(2))

            // Below the bar, two rounds without a better score are a stall: a larger model, then a model of another family, then a vote. A vote is on the ladder
            // twice, as one that a dying node has robbed of a voter may end without a quorum; nothing that a task ends with may hang on that.
            .Monitor(stallAfter: 2)
            .EscalateWith(Ladder.Of(Rung.LargerModel, Rung.Reroute, Rung.Vote, Rung.Vote))

            // A voter learns one round of its own and is for the classifier if both answer alike. A first round of softmax and the final kernel ridge regression
            // answer 0.958 to 0.983 of the digits alike, a first round of the perceptron 0.943 to 0.970 (144 samples): this threshold makes voters differ.
            .Vote(voters: 3, agreement: 0.97, deadline: TimeSpan.FromMinutes(10))
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
    public ValueTask<Score> ScoreAsync(Sample payload, Classifier artifact, CancellationToken cancellationToken) =>
        new(Accuracy.On(artifact, Bootstrap.Draw(payload.Seed, payload.Number).LeftOut.AsSpan()));
}

/// <summary>Two classifiers are alike where they give the same answers.</summary>
internal sealed class SameAnswers : IArtifactSimilarity<Classifier>
{
    public ValueTask<double> MeasureAsync(Classifier left, Classifier right, CancellationToken cancellationToken) => new(Agreement.Of(left, right));
}
