namespace Rqml.DoesItPay.Labelling;

/// <summary>Which images to label, and by models that learnt from which sample of the training lines.</summary>
/// <param name="Batch">From 0; the last one is smaller than the others.</param>
/// <param name="Seed">Of the sample; 0 stands for all training lines, each once.</param>
public sealed record LabelJob(int Batch, ulong Seed)
{
    /// <summary>Images in every batch but the last.</summary>
    public const int BatchSize = 16;

    private static readonly int BatchCount = (Digits.Test.Count + BatchSize - 1) / BatchSize;

    /// <summary>All batches of one sample: each image of <see cref="Digits.Test"/> once.</summary>
    public static IReadOnlyList<LabelJob> All(ulong seed) => [.. Enumerable.Range(0, BatchCount).Select(batch => new LabelJob(batch, seed))];

    /// <summary>The batch's first line of <see cref="Digits.Test"/>.</summary>
    [JsonIgnore]
    public int FirstLine => Batch * BatchSize;

    [JsonIgnore]
    public int Count => Math.Min(BatchSize, Digits.Test.Count - FirstLine);

    /// <summary>The 64 pixels of the batch's image with that number, from 0.</summary>
    public ReadOnlySpan<float> Pixels(int image) => Digits.Test.Pixels(FirstLine + image);

    /// <summary>What that image shows. For the report only: no model may ask.</summary>
    public int Truth(int image) => Digits.Test.Label(FirstLine + image);
}
