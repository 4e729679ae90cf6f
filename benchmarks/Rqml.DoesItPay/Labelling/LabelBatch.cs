namespace Rqml.DoesItPay.Labelling;

/// <summary>The artifact: a label for each image of a batch. Immutable, equal by value.</summary>
public sealed record LabelBatch
{
    /// <exception cref="ArgumentException">There is no image, or a label or confidence out of range.</exception>
    [JsonConstructor]
    public LabelBatch(ImmutableArray<ImageLabel> images)
    {
        if (images.IsDefaultOrEmpty) throw new ArgumentException("A batch has one image or more.", nameof(images));
        foreach (var image in images)
        {
            var isInRange = image is { Label: >= 0 and < Digits.LabelCount, Confidence: >= 0 and <= 1 };
            if (!isInRange) throw new ArgumentException($"{image} is out of range.", nameof(images));
        }

        Images = images;
    }

    public ImmutableArray<ImageLabel> Images { get; }

    /// <summary>The share of images that need no other model, from 0 to 1: what is known of a batch's quality without knowing the truth.</summary>
    [JsonIgnore]
    public double ClosedShare => 1 - (double)OpenCount / Images.Length;

    /// <summary>The same, in finer steps.</summary>
    [JsonIgnore]
    public double MeanConfidence => Images.Average(image => image.Confidence);

    [JsonIgnore]
    public int OpenCount => Images.Count(image => image.IsOpen);

    public bool Equals(LabelBatch? other) => other is not null && Images.AsSpan().SequenceEqual(other.Images.AsSpan());

    public override int GetHashCode() => Images.Aggregate(Images.Length, HashCode.Combine);
}
