namespace Rqml.DoesItPay.Labelling;

/// <summary>A third family, which errs differently from the other two: a voice in a vote.</summary>
internal sealed class PerceptronModel : ILabelModel
{
    public string Name => "perceptron";

    public LabelBatch Improve(LabelBatch? current, LabelJob job)
    {
        ArgumentNullException.ThrowIfNull(job);
        var perceptron = TrainedModels.For(job.Seed).Perceptron;
        return OpenImages.Read(current, job, pixels =>
        {
            var prediction = perceptron.Predict(pixels);
            return new ImageLabel(prediction.Label, prediction.Confidence, prediction.Confidence < SoftmaxModel.Bar);
        });
    }
}
