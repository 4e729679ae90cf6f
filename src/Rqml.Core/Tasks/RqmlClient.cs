using System.Buffers;
using System.Runtime.CompilerServices;
using Rqml.Diagnostics;
using Rqml.Hosting;
using Rqml.Ledgers;

namespace Rqml.Tasks;

/// <summary>The door of a host: checks and writes a submission on the caller's thread, and hands it to the ledger.</summary>
internal sealed class RqmlClient(RqmlHost host, IStationObserver? stations = null) : IRqmlClient
{
    private static readonly TimeSpan RetryAfter = TimeSpan.FromMilliseconds(50);
    private readonly Lock _lock = new();
    private readonly Queue<TaskCompletionSource> _waiting = new();
    private TaskIdSource? _ids;
    private long _reserved;

    public async ValueTask<RefinementHandle<TArtifact>> SubmitAsync<TPayload, TArtifact>(
        TaskClass<TPayload, TArtifact> taskClass, TPayload payload, SubmitOptions? options = null, CancellationToken cancellationToken = default)
    {
        while (true)
        {
            var room = RoomAsync();
            if (!room.IsCompleted) await room.WaitAsync(cancellationToken);
            switch (await TrySubmitAsync(taskClass, payload, options, cancellationToken))
            {
                case SubmitOutcome<TArtifact>.Accepted accepted:
                    return accepted.Handle;
                case SubmitOutcome<TArtifact>.Existing existing:
                    return existing.Handle;
                case SubmitOutcome<TArtifact>.ShuttingDown:
                    throw new ShuttingDownException(host.Main.Self.Node);
            }
        }
    }

    public async ValueTask<SubmitOutcome<TArtifact>> TrySubmitAsync<TPayload, TArtifact>(
        TaskClass<TPayload, TArtifact> taskClass, TPayload payload, SubmitOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(taskClass);
        options ??= SubmitOptions.Default;
        options.Validate();
        var definition = host.Classes.Find(taskClass.Key) ?? throw new UnknownTaskClassException(taskClass.Name, taskClass.Version);
        var runtime = host.Main;
        if (runtime.IsStopped) return new SubmitOutcome<TArtifact>.ShuttingDown();
        var ledger = Ledger(runtime);
        if (ledger.Open + Interlocked.Read(ref _reserved) >= host.Options.MaxOpenTasks) return new SubmitOutcome<TArtifact>.Full(RetryAfter);

        var bytes = Write(taskClass, payload, definition.Policy.MaxPayloadBytes);
        var spec = Specify(taskClass, bytes, options, runtime);
        var handle = NewHandle(taskClass, spec.Id);
        stations?.Entered(Station.Submit, spec.Id);
        var ticket = new SubmitTicket();
        Interlocked.Increment(ref _reserved);
        ledger.Post(LedgerEvent.Submit(spec, handle, ticket));
        SubmitReply reply;
        try
        {
            reply = await AnswerAsync(runtime, ticket.Task, cancellationToken);
        }
        finally
        {
            Interlocked.Decrement(ref _reserved);
        }

        return reply.Answer switch
        {
            SubmitAnswer.Accepted => new SubmitOutcome<TArtifact>.Accepted(handle),
            SubmitAnswer.Existing => new SubmitOutcome<TArtifact>.Existing(await AttachAsync(taskClass, reply.Task, cancellationToken)),
            _ => throw new IdempotencyConflictException(taskClass.Name, options.IdempotencyKey!, reply.Task),
        };
    }

    public async IAsyncEnumerable<RefinementHandle<TArtifact>> SubmitAllAsync<TPayload, TArtifact>(
        TaskClass<TPayload, TArtifact> taskClass, IAsyncEnumerable<TPayload> payloads, Func<TPayload, SubmitOptions?>? options = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(payloads);
        await foreach (var payload in payloads.WithCancellation(cancellationToken))
        {
            yield return await SubmitAsync(taskClass, payload, options?.Invoke(payload), cancellationToken);
        }
    }

    public async ValueTask<RefinementHandle<TArtifact>> AttachAsync<TPayload, TArtifact>(TaskClass<TPayload, TArtifact> taskClass, TaskId task, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(taskClass);
        var runtime = host.Main;
        var handle = NewHandle(taskClass, task);
        var ticket = new TaskCompletionSource<AttachReply?>(TaskCreationOptions.RunContinuationsAsynchronously);
        Ledger(runtime).Post(LedgerEvent.Attach(task, handle, ticket));
        var found = await AnswerAsync(runtime, ticket.Task, cancellationToken) ?? throw new UnknownTaskException(task);
        if (found.Settlement is { } settlement) ((ITaskWatcher)handle).Settled(settlement);
        else if (found.Watcher is RefinementHandle<TArtifact> first) return first;
        return handle;
    }

    public async ValueTask<bool> CancelAsync(TaskId task, CancellationToken cancellationToken = default)
    {
        var runtime = host.Main;
        var ticket = new TaskCompletionSource<CancelAnswer>(TaskCreationOptions.RunContinuationsAsynchronously);
        Ledger(runtime).Post(LedgerEvent.Cancel(task, ticket));
        return await AnswerAsync(runtime, ticket.Task, cancellationToken) switch
        {
            CancelAnswer.Cancelled => true,
            CancelAnswer.AlreadySettled => false,
            _ => throw new UnknownTaskException(task),
        };
    }

    public async ValueTask<TaskId> RequeueAsync(TaskId task, CancellationToken cancellationToken = default)
    {
        var runtime = host.Main;
        var lookUp = Ledger(runtime).AskAsync(machine => machine.Find(task) is { } known ? (known.Spec, IsSettled: known.Settlement is not null) : default);
        var found = await AnswerAsync(runtime, lookUp, cancellationToken);
        if (found.Spec is null) throw new UnknownTaskException(task);
        if (!found.IsSettled) throw new InvalidOperationException($"Task {task} is not settled yet; only settled tasks are requeued.");
        var spec = found.Spec with { Id = NextId(runtime), IdempotencyKey = null, SubmittedMs = runtime.Clock.NowMs, DeadlineMs = long.MaxValue, NotBeforeMs = 0 };
        var ticket = new SubmitTicket();
        Ledger(runtime).Post(LedgerEvent.Submit(spec, null, ticket));
        await AnswerAsync(runtime, ticket.Task, cancellationToken);
        return spec.Id;
    }

    public async IAsyncEnumerable<RefinementStatus> ListAsync(TaskFilter? filter = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var runtime = host.Main;
        var all = await AnswerAsync(runtime, Ledger(runtime).AskAsync(machine => machine.Tasks.Select(Describe).ToArray()), cancellationToken);
        foreach (var status in all.OrderBy(status => status.Id))
        {
            if (filter is null || filter.Matches(status)) yield return status;
        }
    }

    private static RefinementStatus Describe(LedgerTask task)
    {
        var spec = task.Spec;
        var state = task.Settlement is not null ? RefinementState.Settled : task.AnnouncedIn is null ? RefinementState.Submitted : RefinementState.Scheduled;
        return new RefinementStatus(
            spec.Id, spec.Class.Name, spec.Class.Version, state, task.Settlement?.Outcome, DateTimeOffset.FromUnixTimeMilliseconds(spec.SubmittedMs),
            task.Settlement is { } settled ? DateTimeOffset.FromUnixTimeMilliseconds(settled.SettledMs) : null,
            spec.Priority, spec.PartitionKey, spec.IdempotencyKey, task.Settlement?.Iterations ?? 0, task.Strikes.Count);
    }

    private RefinementHandle<TArtifact> NewHandle<TPayload, TArtifact>(TaskClass<TPayload, TArtifact> taskClass, TaskId id) =>
        new(id, taskClass.ArtifactSerializer, CancelAsync, task => host.Main.Ledger?.Post(LedgerEvent.Watch(task)));

    private TaskSpec Specify(TaskClass taskClass, ReadOnlyMemory<byte> payload, SubmitOptions options, NodeRuntime runtime)
    {
        var nowMs = runtime.Clock.NowMs;
        var id = NextId(runtime);
        var keep = options.KeepResult ?? host.Options.KeepResults ?? (runtime.Checkpoints is null ? TimeSpan.Zero : TimeSpan.FromDays(1));
        return new TaskSpec
        {
            Id = id,
            Class = taskClass.Key,
            Payload = payload,
            Priority = options.Priority,
            Difficulty = options.Difficulty ?? double.NaN,
            SubmittedMs = nowMs,
            DeadlineMs = options.Deadline is { } deadline ? nowMs + (long)deadline.TotalMilliseconds : long.MaxValue,
            NotBeforeMs = options.NotBefore > TimeSpan.Zero ? nowMs + (long)options.NotBefore.TotalMilliseconds : 0,
            KeepResultMs = (long)keep.TotalMilliseconds,
            Budget = options.Budget,
            PartitionKey = options.PartitionKey,
            IdempotencyKey = options.IdempotencyKey,
            Seed = options.IdempotencyKey is { } key ? Seeds.OfTask(host.Options.Seed, taskClass.Name, key) : Seeds.OfTask(host.Options.Seed, id),
        };
    }

    private TaskId NextId(NodeRuntime runtime)
    {
        var ids = _ids;
        if (ids is null)
        {
            lock (_lock) ids = _ids ??= new TaskIdSource(runtime.LedgerId, runtime.Self.Incarnation.Value);
        }

        return ids.Next(runtime.Clock.NowMs);
    }

    private static ReadOnlyMemory<byte> Write<TPayload, TArtifact>(TaskClass<TPayload, TArtifact> taskClass, TPayload payload, int maxBytes)
    {
        // The copy is ours: what the caller does with its value later changes nothing.
        var buffer = new ArrayBufferWriter<byte>(256);
        try
        {
            taskClass.PayloadSerializer.Serialize(payload, buffer);
        }
        catch (Exception error)
        {
            throw new SerializationFailedException(typeof(TPayload), "payload", error);
        }

        return buffer.WrittenCount <= maxBytes ? buffer.WrittenMemory : throw new PayloadTooLargeException(taskClass.Name, buffer.WrittenCount, maxBytes);
    }

    /// <summary>Completes when the ledger may have room. A wake-up is a hint: the caller tries again.</summary>
    private Task RoomAsync()
    {
        var runtime = host.Main;
        if (runtime.IsStopped) return Task.CompletedTask;
        var ledger = Ledger(runtime);
        if (ledger.Open + Interlocked.Read(ref _reserved) < host.Options.MaxOpenTasks) return Task.CompletedTask;
        var waiting = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_lock) _waiting.Enqueue(waiting);
        ledger.RoomMade ??= WakeWaiting;
        if (ledger.Open + Interlocked.Read(ref _reserved) < host.Options.MaxOpenTasks) WakeWaiting();
        return waiting.Task;
    }

    private void WakeWaiting()
    {
        lock (_lock)
        {
            while (_waiting.TryDequeue(out var waiting)) waiting.TrySetResult();
        }
    }

    private static Ledger Ledger(NodeRuntime runtime) => runtime.Ledger ?? throw new InvalidOperationException("This host's node has not the role Client, so it takes no tasks.");

    /// <summary>The answer, or the ledger's end.</summary>
    private static async ValueTask<T> AnswerAsync<T>(NodeRuntime runtime, Task<T> answer, CancellationToken cancellationToken)
    {
        if (answer.IsCompleted) return await answer;
        var failure = runtime.Failure.Task;
        if (await Task.WhenAny(answer, failure).WaitAsync(cancellationToken) == failure) throw new LedgerLostException(runtime.Self.Node, await failure);
        return await answer;
    }
}
