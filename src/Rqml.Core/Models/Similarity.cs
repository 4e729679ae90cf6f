using Rqml.Models;

namespace Rqml;

/// <summary>The usual measures of likeness, for <c>CompareWith</c>. All are symmetric, in [0, 1], 1 for equal artifacts, and thread-safe.</summary>
/// <remarks>
/// Vectors of different lengths have similarity 0, two zero vectors of one length have 1. An element that is not finite makes the measure NaN, which
/// fails the pass with <see cref="ScoreOutOfRangeException"/>.
/// </remarks>
public static class Similarity
{
    /// <summary>1 for equal artifacts, 0 for others.</summary>
    /// <param name="equality">What equal is; default: as the type says. A class without an equality of its own is equal to nothing, as artifacts are read anew from bytes.</param>
    public static IArtifactSimilarity<T> Exact<T>(IEqualityComparer<T>? equality = null)
    {
        equality ??= EqualityComparer<T>.Default;
        return new Direct<T>((left, right) => equality.Equals(left, right) ? 1 : 0);
    }

    /// <summary>
    /// 1 − ‖a − b‖ / max(‖a‖, ‖b‖) in the Euclidean norm, and 0 where that is negative: 0.99 says that the vectors differ by a hundredth of the longer one.
    /// </summary>
    /// <param name="vector">The artifact as a vector.</param>
    public static IArtifactSimilarity<T> RelativeL2<T>(Func<T, ReadOnlyMemory<double>> vector)
    {
        ArgumentNullException.ThrowIfNull(vector);
        return new Direct<T>((left, right) => RelativeDistance.SimilarityOf(vector(left).Span, vector(right).Span));
    }

    /// <summary>The cosine of the angle between two vectors, and 0 where it is negative: direction counts, length does not.</summary>
    /// <remarks>
    /// It is not moved to (1 + cos) / 2: a threshold of 0.95 then means the cosine of 0.95 that one reads of elsewhere, and vectors that have nothing in
    /// common are at 0, not at one half. What points the other way is no less alike than that.
    /// </remarks>
    /// <param name="vector">The artifact as a vector.</param>
    public static IArtifactSimilarity<T> Cosine<T>(Func<T, ReadOnlyMemory<double>> vector)
    {
        ArgumentNullException.ThrowIfNull(vector);
        return new Direct<T>((left, right) => Models.Cosine.SimilarityOf(vector(left).Span, vector(right).Span));
    }

    /// <summary>
    /// Words in common by words in either (Jaccard 1901); how often and in which order they stand does not count. A word is a run of letters and digits
    /// of any script, in lower case; a script without spaces gives whole phrases. Two texts without a word have similarity 1.
    /// </summary>
    /// <param name="text">The artifact as text.</param>
    public static IArtifactSimilarity<T> TokenSet<T>(Func<T, string> text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return new Direct<T>((left, right) => Models.TokenSet.SimilarityOf(text(left), text(right)));
    }

    /// <summary>The cosine of two embeddings, as <see cref="Cosine"/> has it. Equal artifacts are not embedded at all, others once while they are remembered.</summary>
    /// <param name="embed">Embeds an artifact; several lanes call it at once. What it throws fails the pass. Its memory is copied.</param>
    /// <param name="cached">How many of the embeddings used last are remembered. Each task needs the one of its newest artifact: no fewer than tasks that run at once. From 0 to 65,536.</param>
    /// <param name="equality">Which artifacts are the same; default: as the type says. Without equality, as in a class that does not define it, nothing is found again.</param>
    public static IArtifactSimilarity<T> Embedding<T>(Func<T, CancellationToken, ValueTask<ReadOnlyMemory<float>>> embed, int cached = 64, IEqualityComparer<T>? equality = null)
        where T : notnull
    {
        ArgumentNullException.ThrowIfNull(embed);
        ArgumentOutOfRangeException.ThrowIfNegative(cached);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(cached, 65_536);
        return new EmbeddingSimilarity<T>(embed, cached, equality ?? EqualityComparer<T>.Default);
    }

    /// <summary>A measure that has nothing to wait for.</summary>
    private sealed class Direct<T>(Func<T, T, double> measure) : IArtifactSimilarity<T>
    {
        public ValueTask<double> MeasureAsync(T left, T right, CancellationToken cancellationToken) => new(measure(left, right));
    }
}
