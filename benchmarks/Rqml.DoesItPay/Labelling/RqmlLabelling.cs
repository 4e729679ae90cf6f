using Microsoft.Extensions.Hosting;
using Rqml.DoesItPay.Measuring;
using Rqml.DoesItPay.Regimes;
using Rqml.Supervision;

namespace Rqml.DoesItPay.Labelling;

/// <summary>A batch is a task: the softmax begins, and the ladder says who goes on with what is left open.</summary>
internal sealed class RqmlLabelling : ILabelRegime
{
    private static readonly TaskClass<LabelJob, LabelBatch> Class = new("label-digits", LabelJson.Default.LabelJob, LabelJson.Default.LabelBatch);

    // A score below 1 says that images are open; it is of no use to look at them with the same model again.
    private static readonly Func<Observation, bool> AtOnce = _ => true;

    private readonly IHost _host;

    private RqmlLabelling(string name, CallMeter calls, IHost host) => (Name, Calls, _host) = (name, calls, host);

    public string Name { get; }

    public CallMeter Calls { get; }

    /// <summary>Softmax, then the ridge, which leaves nothing open: the cascade, decided by a ladder.</summary>
    public static Task<RqmlLabelling> WithoutVotesAsync() => StartAsync("Rqml without votes", (batches, calls) => batches
        .AddModel("softmax", Metered(new SoftmaxModel(), calls), tier: 0, family: "linear")
        .AddModel("ridge", Metered(RidgeModel.Full, calls), tier: 1, family: "kernel", cost: 8)
        .SuperviseWith(new ConvergedWhen(AtOnce, Ladder.Default)));

    /// <summary>
    /// The ridge too leaves open what it is unsure of. Then all three vote on the batch, those images still open, and where two of them would label one of these
    /// in another way the committee does.
    /// </summary>
    public static Task<RqmlLabelling> WithVotesAsync() => StartAsync("Rqml", (batches, calls) => batches
        .AddModel("softmax", Metered(new SoftmaxModel(), calls), tier: 0, family: "linear")
        .AddModel("ridge", Metered(RidgeModel.Doubting, calls), tier: 1, family: "kernel", cost: 8)
        .AddModel("committee", Metered(new CommitteeModel(), calls), tier: 1, family: "committee", cost: 20)
        .Vote(voters: 3, agreement: 1)
        .SuperviseWith(new ConvergedWhen(AtOnce, Ladder.Of(Rung.LargerModel, Rung.Vote, Rung.Reroute))));

    public async ValueTask<LabelBatch> LabelAsync(LabelJob job) => await _host.RunAsync(Class, job, new SubmitOptions());

    public async ValueTask DisposeAsync()
    {
        await _host.StopAsync();
        _host.Dispose();
    }

    private static async Task<RqmlLabelling> StartAsync(string name, Action<TaskClassBuilder<LabelJob, LabelBatch>, CallMeter> configure)
    {
        var calls = new CallMeter();
        var host = await OneNode.StartAsync(rqml => rqml.AddTaskClass(Class, batches =>
        {
            configure(batches, calls);
            batches.ScoreWith<NothingOpen>().CompareWith<SameLabels>().AcceptAt(1);
        }));
        return new RqmlLabelling(name, calls, host);
    }

    private static Func<RefinementContext<LabelJob, LabelBatch>, CancellationToken, ValueTask<Refinement<LabelBatch>>> Metered(ILabelModel model, CallMeter calls)
    {
        var metered = new MeteredModel(model, calls);
        return (context, _) => new(metered.Improve(context.Artifact, context.Payload));
    }
}

/// <summary>The score: the share of images that need no other model.</summary>
internal sealed class NothingOpen : IArtifactScorer<LabelJob, LabelBatch>
{
    public ValueTask<Score> ScoreAsync(LabelJob payload, LabelBatch artifact, CancellationToken cancellationToken) => new(artifact.ClosedShare);
}

/// <summary>The share of images with the same label.</summary>
internal sealed class SameLabels : IArtifactSimilarity<LabelBatch>
{
    public ValueTask<double> MeasureAsync(LabelBatch left, LabelBatch right, CancellationToken cancellationToken) =>
        new(left.Images.Length != right.Images.Length ? 0 : left.Images.Zip(right.Images, (one, other) => one.Label == other.Label ? 1.0 : 0).Average());
}
