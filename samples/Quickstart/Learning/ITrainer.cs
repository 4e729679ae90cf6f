namespace Quickstart.Learning;

/// <summary>Trains classifiers of one family, one round at a time. Stateless: all that a round needs is in its two arguments.</summary>
public interface ITrainer
{
    ClassifierKind Kind { get; }

    /// <summary>
    /// One more round of training. Starts anew where <paramref name="current"/> is null or of another family. The same arguments
    /// give the same bits.
    /// </summary>
    Classifier Train(Classifier? current, Bootstrap data);
}
