using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Rqml.Ledgers;
using Rqml.Messaging;

namespace Rqml;

/// <summary>A submitted task. Thread-safe; forgetting it changes nothing for the task.</summary>
public sealed class RefinementHandle<TArtifact> : ITaskWatcher
{
    private const int KeptIterations = 16;

    private readonly TaskCompletionSource<RefinementResult<TArtifact>> _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly IValueSerializer<TArtifact> _serializer;
    private readonly Func<TaskId, CancellationToken, ValueTask<bool>> _cancel;
    private readonly Action<TaskId> _watch;
    private readonly Lock _lock = new();
    private List<Channel<IterationReport>>? _readers;
    private bool _over;

    internal RefinementHandle(TaskId id, IValueSerializer<TArtifact> serializer, Func<TaskId, CancellationToken, ValueTask<bool>> cancel, Action<TaskId> watch)
    {
        Id = id;
        _serializer = serializer;
        _cancel = cancel;
        _watch = watch;
    }

    /// <summary>The task's id: enough to find it again with <see cref="IRqmlClient.AttachAsync"/>.</summary>
    public TaskId Id { get; }

    /// <summary>How the task ended. Never faults for the task's own fate; with <see cref="LedgerLostException"/> where its ledger has stopped.</summary>
    public Task<RefinementResult<TArtifact>> Completion => _completion.Task;

    /// <summary>Settles the task as cancelled, durably. False where it was settled before.</summary>
    public ValueTask<bool> CancelAsync(CancellationToken cancellationToken = default) => _cancel(Id, cancellationToken);

    /// <summary>The iterations from now on until the task is settled. A slow reader misses the oldest, never the newest.</summary>
    public async IAsyncEnumerable<Iteration<TArtifact>> Iterations([EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var channel = Channel.CreateBounded<IterationReport>(new BoundedChannelOptions(KeptIterations) { FullMode = BoundedChannelFullMode.DropOldest, SingleReader = true });
        lock (_lock)
        {
            if (_over) channel.Writer.Complete();
            else (_readers ??= []).Add(channel);
        }

        _watch(Id);
        while (await channel.Reader.WaitToReadAsync(cancellationToken))
        {
            while (channel.Reader.TryRead(out var report)) yield return new Iteration<TArtifact>(report, _serializer);
        }
    }

    void ITaskWatcher.Settled(Settlement settlement)
    {
        _completion.TrySetResult(new RefinementResult<TArtifact>(Id, settlement, _serializer));
        EndStreams();
    }

    void ITaskWatcher.Iterated(IterationReport iteration)
    {
        lock (_lock)
        {
            foreach (var reader in _readers ?? []) reader.Writer.TryWrite(iteration);
        }
    }

    void ITaskWatcher.Lost(Exception error)
    {
        _completion.TrySetException(error);
        EndStreams();
    }

    private void EndStreams()
    {
        lock (_lock)
        {
            _over = true;
            foreach (var reader in _readers ?? []) reader.Writer.TryComplete();
        }
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
    public TArtifact Artifact => _serializer.Deserialize(_report.Artifact);

    /// <summary>The artifact's score; null where nothing scores it.</summary>
    public double? Score => double.IsNaN(_report.Score) ? null : _report.Score;

    /// <summary>Its similarity to the artifact before; null for the first.</summary>
    public double? Similarity => double.IsNaN(_report.Similarity) ? null : _report.Similarity;

    /// <summary>The model that made it.</summary>
    public string Model => _report.Model;

    /// <summary>The highest tier that has worked on the task.</summary>
    public int Tier => _report.Tier;

    /// <summary>The node that made it.</summary>
    public NodeId Node => _report.Node;
}
