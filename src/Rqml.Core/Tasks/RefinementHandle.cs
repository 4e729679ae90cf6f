using System.Runtime.CompilerServices;
using Rqml.Ledgers;
using Rqml.Messaging;
using Rqml.Supervision;
using Rqml.Tasks;

namespace Rqml;

/// <summary>A submitted task. Thread-safe; forgetting it changes nothing for the task.</summary>
public sealed class RefinementHandle<TArtifact> : ITaskWatcher, IOpaqueHandle
{
    private readonly TaskCompletionSource<RefinementResult<TArtifact>> _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly IValueSerializer<TArtifact> _serializer;
    private readonly RqmlClient _client;
    private volatile IterationFeed? _feed;

    internal RefinementHandle(TaskId id, IValueSerializer<TArtifact> serializer, RqmlClient client)
    {
        Id = id;
        _serializer = serializer;
        _client = client;
    }

    /// <summary>The task's id: enough to find it again with <see cref="IRqmlClient.AttachAsync"/>.</summary>
    public TaskId Id { get; }

    /// <summary>How the task ended. Never faults for the task's own fate; with <see cref="LedgerLostException"/> where its ledger has stopped.</summary>
    public Task<RefinementResult<TArtifact>> Completion => _completion.Task;

    /// <summary>Who reads its iterations now.</summary>
    internal int ReaderCount => _feed?.ReaderCount ?? 0;

    /// <summary>Settles the task as cancelled, durably. False where it was settled before.</summary>
    /// <exception cref="UnknownTaskException">It was settled, and purged after its retention.</exception>
    /// <exception cref="LedgerLostException">The ledger has stopped; whether the task was cancelled is known after a restart.</exception>
    public ValueTask<bool> CancelAsync(CancellationToken cancellationToken = default) => _client.CancelAsync(Id, cancellationToken);

    /// <summary>Where the task is, as its ledger knows it now.</summary>
    /// <exception cref="UnknownTaskException">It was settled, and purged after its retention.</exception>
    /// <exception cref="LedgerLostException">The ledger has stopped.</exception>
    public ValueTask<RefinementStatus> GetStatusAsync(CancellationToken cancellationToken = default) => _client.GetStatusAsync(Id, cancellationToken);

    /// <summary>
    /// The iterations until the task is settled or its ledger stops. From the first call on the handle keeps the last 16, and a later reader first gets these. A
    /// slow reader misses the oldest, never the newest. An iteration that is made again after a loss comes again.
    /// </summary>
    public IAsyncEnumerable<Iteration<TArtifact>> Iterations(CancellationToken cancellationToken = default) => ReadAsync(_serializer, cancellationToken);

    IAsyncEnumerable<Iteration<ReadOnlyMemory<byte>>> IOpaqueHandle.Iterations(CancellationToken cancellationToken) => ReadAsync(ValueSerializer.Raw, cancellationToken);

    async Task<RefinementResult<ReadOnlyMemory<byte>>> IOpaqueHandle.GetResultAsync(CancellationToken cancellationToken) => (await Completion.WaitAsync(cancellationToken)).AsBytes();

    void ITaskWatcher.Settled(Settlement settlement, long settledMs)
    {
        _completion.TrySetResult(new RefinementResult<TArtifact>(Id, settlement, settledMs, _serializer));
        _feed?.End();
    }

    void ITaskWatcher.Iterated(IterationReport iteration) => _feed?.Add(iteration);

    void ITaskWatcher.Lost(Exception error)
    {
        _completion.TrySetException(error);
        _feed?.End();
    }

    private async IAsyncEnumerable<Iteration<T>> ReadAsync<T>(IValueSerializer<T> serializer, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var feed = Feed();
        using var reader = feed.Read();
        _client.Watch(Id);
        await foreach (var report in reader.Reports(cancellationToken)) yield return new Iteration<T>(report, serializer);
    }

    /// <summary>Made when somebody first reads. Whoever ends the task either finds it, or has completed the task before we look.</summary>
    private IterationFeed Feed()
    {
        var feed = _feed ?? Interlocked.CompareExchange(ref _feed, new IterationFeed(), null) ?? _feed!;
        if (_completion.Task.IsCompleted) feed.End();
        return feed;
    }
}

/// <summary>One iteration of a task.</summary>
public sealed class Iteration<TArtifact>
{
    private readonly IterationReport _report;
    private readonly IValueSerializer<TArtifact> _serializer;

    internal Iteration(IterationReport report, IValueSerializer<TArtifact> serializer) => (_report, _serializer) = (report, serializer);

    /// <summary>Its number, from 1.</summary>
    public int Number => _report.Iteration;

    /// <summary>The artifact after it, read anew from its bytes at each call.</summary>
    /// <exception cref="SerializationFailedException">The class's serializer threw.</exception>
    public TArtifact Artifact => _serializer.ReadArtifact(_report.Artifact);

    /// <summary>The artifact's score; null where nothing scores it.</summary>
    public double? Score => double.IsNaN(_report.Score) ? null : _report.Score;

    /// <summary>Its similarity to the artifact before; null for the first.</summary>
    public double? Similarity => double.IsNaN(_report.Similarity) ? null : _report.Similarity;

    /// <summary>What it brought that was new, 1 − its largest similarity to earlier artifacts; null where no rule asks for it.</summary>
    public double? Novelty => double.IsNaN(_report.Novelty) ? null : _report.Novelty;

    /// <summary>Mean similarity of each two passes of it; null where there was one.</summary>
    public double? Consistency => double.IsNaN(_report.Consistency) ? null : _report.Consistency;

    /// <summary>What the convergence monitor found; null where the loop gets on.</summary>
    public Concern? Concern => _report.Concern;

    /// <summary>What was decided after it.</summary>
    public SupervisionAction Decision => _report.Action;

    /// <summary>Why it was decided.</summary>
    public string Reason => _report.Reason;

    /// <summary>The model that made it.</summary>
    public string Model => _report.Model;

    /// <summary>The highest tier that has worked on the task.</summary>
    public int Tier => _report.Tier;

    /// <summary>The node that made it.</summary>
    public NodeId Node => _report.Node;
}
