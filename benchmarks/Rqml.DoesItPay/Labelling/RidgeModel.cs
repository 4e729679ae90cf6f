namespace Rqml.DoesItPay.Labelling;

/// <summary>The large model, or a reduced one: weighs each image against lines of the sample, and has the last word.</summary>
internal sealed class RidgeModel : ILabelModel
{
    private readonly Func<TrainedModels, KernelReader> _reader;

    private RidgeModel(string name, Func<TrainedModels, KernelReader> reader) => (Name, _reader) = (name, reader);

    /// <summary>Every different line of the sample is a centre: 1,000 for seed 0, else about 632.</summary>
    public static RidgeModel Full { get; } = new("ridge", models => models.Ridge);

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
            return new ImageLabel(prediction.Label, prediction.Confidence, IsOpen: false);
        });
    }
}
