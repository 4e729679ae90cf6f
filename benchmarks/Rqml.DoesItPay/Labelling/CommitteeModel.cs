namespace Rqml.DoesItPay.Labelling;

/// <summary>
/// The last word on what the ridge is unsure of: all three families read an image as it is and upright, and each reading weighs the log-odds of how often its
/// kind is right on lines that the models have not learnt from.
/// </summary>
/// <remarks>S. Nitzan and J. Paroush, "Optimal decision rules in uncertain dichotomous choice situations", 1982.</remarks>
internal sealed class CommitteeModel : ILabelModel
{
    public string Name => "committee";

    public LabelBatch Improve(LabelBatch? current, LabelJob job)
    {
        ArgumentNullException.ThrowIfNull(job);
        var models = TrainedModels.For(job.Seed);
        return OpenImages.Read(current, job, pixels => models.Committee.Read(pixels));
    }
}

/// <summary>The readings of a committee, and what each weighs.</summary>
internal sealed class Committee
{
    // The ridge first: where weights are equal, its word stands.
    private const int Readings = 6;

    private readonly TrainedModels _models;
    private readonly double[] _weights = new double[Readings];

    /// <param name="models">Who reads.</param>
    /// <param name="leftOut">Training lines that the models have not learnt from. Those that the softmax would leave open count, as no others come here.</param>
    public Committee(TrainedModels models, IEnumerable<int> leftOut)
    {
        _models = models;
        Span<int> labels = stackalloc int[Readings];
        var (right, count) = (new int[Readings], 0);
        foreach (var line in leftOut)
        {
            var pixels = Digits.Training.Pixels(line);
            if (!SoftmaxModel.Read(models.Softmax, pixels).IsOpen) continue;
            count++;
            ReadAll(pixels, labels);
            for (var reading = 0; reading < Readings; reading++) right[reading] += labels[reading] == Digits.Training.Label(line) ? 1 : 0;
        }

        for (var reading = 0; reading < Readings; reading++)
        {
            var reliability = (right[reading] + 1.0) / (count + 2);             // with one line right and one wrong before anything was seen
            _weights[reading] = Math.Log(reliability / (1 - reliability));
        }
    }

    public ImageLabel Read(ReadOnlySpan<float> pixels)
    {
        Span<int> labels = stackalloc int[Readings];
        Span<double> weights = stackalloc double[Digits.LabelCount];
        ReadAll(pixels, labels);
        for (var reading = 0; reading < Readings; reading++) weights[labels[reading]] += _weights[reading];
        var best = labels[0];
        for (var label = 0; label < weights.Length; label++)
        {
            if (weights[label] > weights[best]) best = label;
        }

        return new ImageLabel(best, 1 / (1 + Math.Exp(-weights[best])), IsOpen: false);
    }

    private void ReadAll(ReadOnlySpan<float> pixels, Span<int> labels)
    {
        Span<float> upright = stackalloc float[Digits.PixelCount];
        Deskew.Apply(pixels, upright);
        labels[0] = _models.Ridge.Predict(pixels).Label;
        labels[1] = _models.Ridge.Predict(upright).Label;
        labels[2] = _models.Softmax.Predict(pixels).Label;
        labels[3] = _models.Softmax.Predict(upright).Label;
        labels[4] = _models.Perceptron.Predict(pixels).Label;
        labels[5] = _models.Perceptron.Predict(upright).Label;
    }
}
