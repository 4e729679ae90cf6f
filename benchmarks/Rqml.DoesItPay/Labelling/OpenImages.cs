namespace Rqml.DoesItPay.Labelling;

/// <summary>What all models have in common: they are asked about open images only.</summary>
internal static class OpenImages
{
    public delegate ImageLabel Reader(ReadOnlySpan<float> pixels);

    public static LabelBatch Read(LabelBatch? current, LabelJob job, Reader read)
    {
        ArgumentNullException.ThrowIfNull(job);
        if (current is not null) ArgumentOutOfRangeException.ThrowIfNotEqual(current.Images.Length, job.Count, nameof(current));
        var images = ImmutableArray.CreateBuilder<ImageLabel>(job.Count);
        for (var image = 0; image < job.Count; image++)
        {
            images.Add(current is null || current.Images[image].IsOpen ? read(job.Pixels(image)) : current.Images[image]);
        }

        return new LabelBatch(images.MoveToImmutable());
    }
}
