using System.Collections.Concurrent;

namespace Rqml.DoesItPay.Labelling;

/// <summary>
/// All that was learnt from one sample of the training lines; learnt once a process, when first asked for. Learning is not what the study counts.
/// </summary>
internal sealed class TrainedModels
{
    // A third of the centres cost a little more than the cascade does, which asks the softmax about all images and the ridge about a fifth of them.
    private const double ReducedShare = 1 / 3.0;

    // Half of them cost far more: this shows what the ridge alone needs to read as well.
    private const double HalfShare = 0.5;

    // After so many rounds of the quickstart's trainers answers have settled.
    private const int Rounds = 6;

    private static readonly ConcurrentDictionary<ulong, Lazy<TrainedModels>> BySeed = new();

    private readonly Lazy<Classifier> _perceptron;
    private readonly Lazy<Committee> _committee;

    private TrainedModels(Bootstrap data)
    {
        var different = data.Drawn.Distinct().Count();
        Softmax = Settle(new SoftmaxTrainer(), data);
        Ridge = KernelReader.Fit(data, different);
        ReducedRidge = KernelReader.Fit(data, (int)(ReducedShare * different));
        HalfRidge = KernelReader.Fit(data, (int)(HalfShare * different));
        _perceptron = new Lazy<Classifier>(() => Settle(new PerceptronTrainer(), data));
        _committee = new Lazy<Committee>(() => new Committee(this, data.LeftOut));
    }

    public Classifier Softmax { get; }

    public Classifier Perceptron => _perceptron.Value;

    public Committee Committee => _committee.Value;

    public KernelReader Ridge { get; }

    public KernelReader ReducedRidge { get; }

    public KernelReader HalfRidge { get; }

    /// <param name="seed">Of the sample; 0 stands for all training lines, each once.</param>
    public static TrainedModels For(ulong seed) =>
        BySeed.GetOrAdd(seed, static seed => new Lazy<TrainedModels>(() => new TrainedModels(SampleOf(seed)))).Value;

    private static Bootstrap SampleOf(ulong seed) => seed == 0 ? Bootstrap.Everything : Bootstrap.Draw(seed, number: 0);

    private static Classifier Settle(ITrainer trainer, Bootstrap data)
    {
        var classifier = trainer.Train(null, data);
        while (classifier.Round < Rounds) classifier = trainer.Train(classifier, data);
        return classifier;
    }
}
