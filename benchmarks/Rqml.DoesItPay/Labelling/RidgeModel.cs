namespace Rqml.DoesItPay.Labelling;

/// <summary>The large model, or a reduced one: weighs each image against lines of the sample.</summary>
internal sealed class RidgeModel : ILabelModel
{
    // It is fitted to 1 for the label and 0 for the others: below the middle it says neither. Left-out lines of 20 samples: 1.5 % of the images, of which it
    // reads 64 % rightly.
    private const double Bar = 0.5;

    private readonly Func<TrainedModels, KernelReader> _reader;
    private readonly double _bar;

    private RidgeModel(string name, Func<TrainedModels, KernelReader> reader, double bar = 0) => (Name, _reader, _bar) = (name, reader, bar);

    /// <summary>Every different line of the sample is a centre: 1,000 for seed 0, else about 632.</summary>
    public static RidgeModel Full { get; } = new("ridge", models => models.Ridge);

    /// <summary>The same, which leaves open what it is unsure of.</summary>
    public static RidgeModel Doubting { get; } = new("doubting ridge", models => models.Ridge, Bar);

    /// <summary>A third of the centres: costs a little more than the cascade does.</summary>
    public static RidgeModel Reduced { get; } = new("reduced ridge", models => models.ReducedRidge);

    /// <summary>Half of the centres.</summary>
    public static RidgeModel Half { get; } = new("half ridge", models => models.HalfRidge);

    public string Name { get; }

    public LabelBatch Improve(LabelBatch? current, LabelJob job)
    {
        ArgumentNullException.ThrowIfNull(job);
        var reader = _reader(TrainedModels.For(job.Seed));
        return OpenImages.Read(current, job, pixels =>
        {
            var prediction = reader.Predict(pixels);
            return new ImageLabel(prediction.Label, prediction.Confidence, prediction.Confidence < _bar);
        });
    }
}
