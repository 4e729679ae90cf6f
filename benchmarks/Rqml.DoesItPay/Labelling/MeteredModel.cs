using Rqml.DoesItPay.Measuring;

namespace Rqml.DoesItPay.Labelling;

/// <summary>The same model, whose calls are charged to a meter.</summary>
internal sealed class MeteredModel(ILabelModel model, CallMeter meter) : ILabelModel
{
    public string Name => model.Name;

    public LabelBatch Improve(LabelBatch? current, LabelJob job) => meter.Charge(() => model.Improve(current, job));
}
