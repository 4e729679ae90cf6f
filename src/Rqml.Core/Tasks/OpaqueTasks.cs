using Rqml.Hosting;

namespace Rqml.Tasks;

/// <summary>
/// The host's client for whoever knows a task class by its name alone, and payloads and artifacts as the bytes that the class's serializers write: services for other
/// languages. The handles are those of the class, so that typed callers of the host find the same ones. Thread-safe.
/// </summary>
internal sealed class OpaqueTasks(RqmlHost host, IRqmlClient client)
{
    /// <summary>Whoever submits from elsewhere has no handle that hears of the result: it needs the time to come back for it.</summary>
    private static readonly TimeSpan LeastKept = TimeSpan.FromMinutes(1);

    private readonly RqmlClient _ledger = new(host);      // asked for what is there; ids are given by the host's own client alone

    /// <summary>As <see cref="IRqmlClient.TrySubmitAsync"/>. The payload is read at once, so that one that is none is refused here and not by a model.</summary>
    public ValueTask<OpaqueSubmission> TrySubmitAsync(string @class, int version, ReadOnlyMemory<byte> payload, SubmitOptions options, CancellationToken cancellationToken)
    {
        var keep = options.KeepResult ?? TimeSpan.FromTicks(Math.Max(_ledger.KeepByDefault.Ticks, LeastKept.Ticks));
        return ClassOf(@class, version).TrySubmitAsync(client, payload, options with { KeepResult = keep }, cancellationToken);
    }

    /// <summary>As <see cref="IRqmlClient.AttachAsync"/>, whatever the task's class is.</summary>
    public async ValueTask<IOpaqueHandle> AttachAsync(TaskId task, CancellationToken cancellationToken)
    {
        var status = await _ledger.GetStatusAsync(task, cancellationToken);
        return await ClassOf(status.Class, status.ClassVersion).AttachAsync(client, task, cancellationToken);
    }

    /// <exception cref="UnknownTaskException">This ledger does not know it.</exception>
    public ValueTask<RefinementStatus> GetStatusAsync(TaskId task, CancellationToken cancellationToken) => _ledger.GetStatusAsync(task, cancellationToken);

    /// <summary>Tasks of this ledger in the order of submission, beginning behind one of them: at most so many. A page costs one look at each task, and room for those that it has.</summary>
    public ValueTask<IReadOnlyList<RefinementStatus>> ListAsync(TaskFilter filter, TaskId? after, int limit, CancellationToken cancellationToken) =>
        _ledger.ListAsync(filter, after, limit, cancellationToken);

    /// <exception cref="UnknownTaskClassException">It is not registered in this host.</exception>
    public IOpaqueTaskClass ClassOf(string name, int version) => (IOpaqueTaskClass)host.Classes.Get(name, version);
}

/// <summary>What a task class does for whoever does not know its types.</summary>
internal interface IOpaqueTaskClass
{
    /// <summary>Whether payloads are written as JSON.</summary>
    bool HasJsonPayload { get; }

    /// <summary>Whether artifacts are written as JSON.</summary>
    bool HasJsonArtifact { get; }

    int MaxPayloadBytes { get; }

    ValueTask<OpaqueSubmission> TrySubmitAsync(IRqmlClient client, ReadOnlyMemory<byte> payload, SubmitOptions options, CancellationToken cancellationToken);

    ValueTask<IOpaqueHandle> AttachAsync(IRqmlClient client, TaskId task, CancellationToken cancellationToken);
}

/// <summary>A task's handle for whoever does not know its types.</summary>
internal interface IOpaqueHandle
{
    TaskId Id { get; }

    IAsyncEnumerable<Iteration<ReadOnlyMemory<byte>>> Iterations(CancellationToken cancellationToken);

    Task<RefinementResult<ReadOnlyMemory<byte>>> GetResultAsync(CancellationToken cancellationToken);
}

/// <summary>What became of a submission that does not wait.</summary>
/// <param name="Handle">The task; null where none was taken.</param>
/// <param name="IsExisting">It was there before, under the same idempotency key.</param>
/// <param name="RetryAfter">When to try again where the ledger is full; null with no handle: the host is stopping.</param>
internal readonly record struct OpaqueSubmission(IOpaqueHandle? Handle, bool IsExisting, TimeSpan? RetryAfter);
