using Rqml.DoesItPay.Measuring;

namespace Rqml.DoesItPay.Labelling;

/// <summary>One way of spending models on a batch.</summary>
internal interface ILabelRegime : IAsyncDisposable
{
    string Name { get; }

    /// <summary>Everything that its model calls have cost so far, on whatever thread. A call is charged before its batch is returned.</summary>
    CallMeter Calls { get; }

    /// <summary>The same job gives the same batch, always.</summary>
    ValueTask<LabelBatch> LabelAsync(LabelJob job);
}
