namespace Rqml.DoesItPay.Labelling;

/// <summary>Labels images. A pure function of its arguments, safe to call from any thread.</summary>
public interface ILabelModel
{
    string Name { get; }

    /// <summary>
    /// Looks at the images that are open in <paramref name="current"/>, at all where it is null, and leaves the others as they are.
    /// </summary>
    LabelBatch Improve(LabelBatch? current, LabelJob job);
}
