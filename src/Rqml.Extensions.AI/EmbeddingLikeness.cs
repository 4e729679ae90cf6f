using Microsoft.Extensions.AI;
using Rqml.Extensions.AI.Calls;

namespace Rqml.Extensions.AI;

/// <summary>The cosine of the embeddings of two artifacts' texts. Waits where the generator has too much to do. Thread-safe.</summary>
internal sealed class EmbeddingLikeness<TArtifact> : IArtifactSimilarity<TArtifact>
{
    private const string Name = "embeddings";

    private readonly IEmbeddingGenerator<string, Embedding<float>> _generator;
    private readonly Func<TArtifact, string> _text;
    private readonly TimeSpan _timeout;
    private readonly TimeProvider _time;
    private readonly Patience _patience;
    private readonly IArtifactSimilarity<string> _similarity;

    public EmbeddingLikeness(IEmbeddingGenerator<string, Embedding<float>> generator, Func<TArtifact, string> text, int cached, TimeSpan timeout, TimeProvider time)
    {
        (_generator, _text, _timeout, _time) = (generator, text, timeout, time);
        _patience = new Patience(time, timeout);
        _similarity = Similarity.Embedding<string>((words, cancellationToken) => new(_patience.MakeAsync(token => EmbedAsync(words, token), cancellationToken)), cached);
    }

    public ValueTask<double> MeasureAsync(TArtifact left, TArtifact right, CancellationToken cancellationToken) => _similarity.MeasureAsync(_text(left), _text(right), cancellationToken);

    private async Task<ReadOnlyMemory<float>> EmbedAsync(string words, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(_timeout, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, limit.Token);
        try
        {
            return await _generator.GenerateVectorAsync(words, cancellationToken: either.Token).WaitAsync(either.Token).ConfigureAwait(false);
        }
        catch (Exception error) when (!cancellationToken.IsCancellationRequested)
        {
            if (limit.IsCancellationRequested) throw new ChatTimeoutException(Name, "timeout", _timeout, 0, error);
            throw ServiceRefusal.IsForLoad(error, _time.GetUtcNow(), out var retryAfter) ? new ModelOverloadedException(retryAfter, error, 0) : new ChatCallFailedException(Name, ServiceRefusal.StatusOf(error), 0, error);
        }
    }
}
