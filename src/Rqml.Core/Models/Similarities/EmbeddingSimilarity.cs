namespace Rqml.Models;

/// <summary>The cosine of two artifacts' embeddings. Thread-safe.</summary>
internal sealed class EmbeddingSimilarity<T>(Func<T, CancellationToken, ValueTask<ReadOnlyMemory<float>>> embed, int cached, IEqualityComparer<T> equality) : IArtifactSimilarity<T>
    where T : notnull
{
    private readonly RecentlyUsed<T, double[]> _embeddings = new(cached, equality);

    public async ValueTask<double> MeasureAsync(T left, T right, CancellationToken cancellationToken)
    {
        if (equality.Equals(left, right)) return 1;
        var leftEmbedding = await EmbedAsync(left, cancellationToken);
        var rightEmbedding = await EmbedAsync(right, cancellationToken);
        return Cosine.SimilarityOf(leftEmbedding, rightEmbedding);
    }

    /// <summary>Two lanes that ask for the same artifact at once both embed it: to share the call would let the cancelling of one break the other.</summary>
    private async ValueTask<double[]> EmbedAsync(T artifact, CancellationToken cancellationToken)
    {
        if (_embeddings.TryGet(artifact, out var known)) return known;
        var embedding = Widen((await embed(artifact, cancellationToken)).Span);
        _embeddings.Set(artifact, embedding);
        return embedding;
    }

    private static double[] Widen(ReadOnlySpan<float> elements)
    {
        var wide = new double[elements.Length];
        for (var i = 0; i < wide.Length; i++) wide[i] = elements[i];
        return wide;
    }
}
