namespace Rqml.DoesItPay.Labelling;

/// <summary>The small model: reads each image as it is and upright, and leaves open what it is unsure of or reads in two ways.</summary>
internal sealed class SoftmaxModel : ILabelModel
{
    // Left-out lines of 20 samples: with 0.6 closes 90.9 % of the images, 0.67 % of those wrongly; with 0.7 87.9 % and 0.12 %; with 0.8 82.1 % and none.
    public const double Bar = 0.7;

    public string Name => "softmax";

    public LabelBatch Improve(LabelBatch? current, LabelJob job)
    {
        ArgumentNullException.ThrowIfNull(job);
        var softmax = TrainedModels.For(job.Seed).Softmax;
        return OpenImages.Read(current, job, pixels => Read(softmax, pixels));
    }

    public static ImageLabel Read(Classifier softmax, ReadOnlySpan<float> pixels)
    {
        Span<float> upright = stackalloc float[Digits.PixelCount];
        Deskew.Apply(pixels, upright);
        var plain = softmax.Predict(pixels);

        // A contradiction halves the confidence, and half of any is below the bar.
        var confidence = softmax.Predict(upright).Label == plain.Label ? plain.Confidence : plain.Confidence / 2;
        return new ImageLabel(plain.Label, confidence, confidence < Bar);
    }
}
