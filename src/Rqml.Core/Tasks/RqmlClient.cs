using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using Rqml.Diagnostics;
using Rqml.Hosting;
using Rqml.Ledgers;
using Rqml.Models;
using Rqml.Supervision;

namespace Rqml.Tasks;

/// <summary>The door of a host: checks and writes a submission on the caller's thread, and hands it to the ledger.</summary>
internal sealed class RqmlClient(RqmlHost host, IStationObserver? stations = null) : IRqmlClient
{
    private const int SubmitWindow = 256;
    private static readonly TimeSpan SourceMayTake = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan RetryAfter = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan ExplainWithin = TimeSpan.FromSeconds(2);
    private readonly Lock _lock = new();
    private TaskIdSource? _ids;

    public async ValueTask<RefinementHandle<TArtifact>> SubmitAsync<TPayload, TArtifact>(
        TaskClass<TPayload, TArtifact> taskClass, TPayload payload, SubmitOptions? options = null, CancellationToken cancellationToken = default)
    {
        try
        {
            var definition = Check(taskClass, ref options);
            Ledger(host.Main);
            while (true)
            {
                if (!await host.Admission.EnterAsync(cancellationToken)) throw Ended();
                var answered = await SubmitAdmittedAsync(taskClass, definition, payload, options, cancellationToken);
                if (answered.Handle is { } handle) return handle;
                if (answered.Answer == SubmitAnswer.TooLate) throw Ended();
            }
        }
        catch (Exception error) when (IsRefusal(error))
        {
            throw;
        }
    }

    public async ValueTask<SubmitOutcome<TArtifact>> TrySubmitAsync<TPayload, TArtifact>(
        TaskClass<TPayload, TArtifact> taskClass, TPayload payload, SubmitOptions? options = null, CancellationToken cancellationToken = default)
    {
        try
        {
            var definition = Check(taskClass, ref options);
            Ledger(host.Main);
            while (true)
            {
                switch (host.Admission.TryEnter())
                {
                    case Entry.Full:
                        host.Instruments.Tasks.Refused(nameof(Entry.Full));
                        return new SubmitOutcome<TArtifact>.Full(RetryAfter);
                    case Entry.Closed when Ended() is LedgerLostException lost:
                        throw lost;
                    case Entry.Closed:
                        return new SubmitOutcome<TArtifact>.ShuttingDown();
                }

                switch (await SubmitAdmittedAsync(taskClass, definition, payload, options, cancellationToken))
                {
                    case { Answer: SubmitAnswer.Accepted, Handle: { } taken }:
                        return new SubmitOutcome<TArtifact>.Accepted(taken);
                    case { Answer: SubmitAnswer.Existing, Handle: { } earlier }:
                        return new SubmitOutcome<TArtifact>.Existing(earlier);
                    case { Answer: SubmitAnswer.TooLate }:
                        return new SubmitOutcome<TArtifact>.ShuttingDown();
                }
            }
        }
        catch (Exception error) when (IsRefusal(error))
        {
            throw;
        }
    }

    public async IAsyncEnumerable<RefinementHandle<TArtifact>> SubmitAllAsync<TPayload, TArtifact>(
        TaskClass<TPayload, TArtifact> taskClass, IAsyncEnumerable<TPayload> payloads, Func<TPayload, SubmitOptions?>? options = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(payloads);
        var onTheWay = new Queue<Task<RefinementHandle<TArtifact>>>();
        using var breakOff = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var source = payloads.GetAsyncEnumerator(breakOff.Token);
        Task<bool>? reading = null;
        try
        {
            while (true)
            {
                reading = source.MoveNextAsync().AsTask();

                // Several at once share a commit. What is taken is handed on also while the next payload is long in coming; where the window is full the first is waited for.
                while (onTheWay.Count > 0 && (onTheWay.Count >= SubmitWindow || !reading.IsCompleted || onTheWay.Peek().IsCompleted))
                {
                    if (onTheWay.Count < SubmitWindow) await Task.WhenAny(onTheWay.Peek(), reading);
                    if (onTheWay.Count >= SubmitWindow || onTheWay.Peek().IsCompleted) yield return await onTheWay.Dequeue();
                }

                if (!await reading) break;
                var payload = source.Current;
                onTheWay.Enqueue(SubmitAsync(taskClass, payload, options?.Invoke(payload), breakOff.Token).AsTask());
            }

            while (onTheWay.TryDequeue(out var next)) yield return await next;
        }
        finally
        {
            breakOff.Cancel();      // what waits for room waits no longer
            foreach (var left in onTheWay) await SeeThroughAsync(left);
            await LeaveAsync(CloseAsync(source, reading));
        }
    }

    /// <summary>A source that does not listen ends with the payload that it waits for, whenever that comes; any other has ended when its reader goes on.</summary>
    private async Task LeaveAsync(Task closing)
    {
        try
        {
            await closing.WaitAsync(SourceMayTake, host.Main.Clock.Time);
        }
        catch (TimeoutException)
        {
            _ = closing.ContinueWith(static late => late.Exception, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);      // nobody is left to hear it
        }
    }

    /// <summary>An enumerator may be closed only where it is not at work.</summary>
    [SuppressMessage("Design", "CA1031", Justification = "The reader has had the source's error, or wanted no more of it.")]
    private static async Task CloseAsync<TPayload>(IAsyncEnumerator<TPayload> source, Task<bool>? reading)
    {
        try
        {
            if (reading is not null) await reading;
        }
        catch (Exception)
        {
            // It ends below.
        }

        await source.DisposeAsync();
    }

    /// <summary>Whoever reads no further still has submissions on the way: they are taken or refused, and nobody is left to hear it.</summary>
    private static async Task SeeThroughAsync(Task submission)
    {
        try
        {
            await submission;
        }
        catch (Exception error) when (error is RqmlException or OperationCanceledException or ArgumentException)
        {
            // The reader has had the first error, or wanted no more.
        }
    }

    public async ValueTask<RefinementHandle<TArtifact>> AttachAsync<TPayload, TArtifact>(TaskClass<TPayload, TArtifact> taskClass, TaskId task, CancellationToken cancellationToken = default)
    {
        Find(taskClass);
        var runtime = host.Main;
        var handle = NewHandle(taskClass, task);
        var ticket = new TaskCompletionSource<AttachReply?>(TaskCreationOptions.RunContinuationsAsynchronously);
        Ledger(runtime).Post(LedgerEvent.Attach(task, handle, ticket, taskClass.Key));
        var found = await ticket.Task.WaitAsync(cancellationToken) ?? throw new UnknownTaskException(task);
        if (found.Class != taskClass.Key) throw new ArgumentException($"Task {task} is of class '{found.Class}', not '{taskClass.Key}'.", nameof(taskClass));
        if (found.SettledMs is not { } settledMs) return (RefinementHandle<TArtifact>)found.Watcher!;
        ((ITaskWatcher)handle).Settled(found.Settlement ?? runtime.ReadSettlement(task) ?? throw new UnknownTaskException(task), settledMs);
        return handle;
    }

    public async ValueTask<bool> CancelAsync(TaskId task, CancellationToken cancellationToken = default)
    {
        var ticket = new TaskCompletionSource<CancelAnswer>(TaskCreationOptions.RunContinuationsAsynchronously);
        Ledger(host.Main).Post(LedgerEvent.Cancel(task, ticket));
        return await ticket.Task.WaitAsync(cancellationToken) switch
        {
            CancelAnswer.Cancelled => true,
            CancelAnswer.AlreadySettled => false,
            _ => throw new UnknownTaskException(task),
        };
    }

    public async ValueTask<TaskId> RequeueAsync(TaskId task, CancellationToken cancellationToken = default)
    {
        var runtime = host.Main;
        var (settled, isOpen) = await Ledger(runtime).AskAsync(machine => (machine.FindSettled(task), machine.FindOpen(task) is not null)).WaitAsync(cancellationToken);
        if (isOpen) throw new InvalidOperationException($"Task {task} is not settled yet; only settled tasks are requeued.");
        if (settled is null) throw new UnknownTaskException(task);
        var submitted = settled.Content?.Spec ?? runtime.ReadSubmission(task) ?? throw new UnknownTaskException(task);
        if (!await host.Admission.EnterAsync(cancellationToken)) throw Ended();
        var id = NextId(runtime);
        using var span = Spans.Submit(id, submitted.Class);
        var spec = submitted with { Id = id, Trace = TaskTrace.Of(span, Activity.Current), IdempotencyKey = null, SubmittedMs = runtime.Clock.NowMs, DeadlineMs = long.MaxValue, NotBeforeMs = 0 };
        var ticket = new SubmitTicket(host.Admission);
        Ledger(runtime).Post(LedgerEvent.Submit(spec, null, ticket));
        var reply = await ticket.Task.WaitAsync(cancellationToken);
        return reply.Answer == SubmitAnswer.Accepted ? spec.Id : throw Ended();
    }

    public async ValueTask<TaskStory> ExplainAsync(TaskId task, CancellationToken cancellationToken = default)
    {
        var runtime = host.Main;
        var ticket = new TaskCompletionSource<Story?>(TaskCreationOptions.RunContinuationsAsynchronously);
        Ledger(runtime).Post(LedgerEvent.Explain(task, ticket));
        try
        {
            if (await ticket.Task.WaitAsync(ExplainWithin, runtime.Clock.Time, cancellationToken) is { } soFar) return new TaskStory(task, soFar, null);
        }
        catch (TimeoutException)
        {
            return new TaskStory(task, Story.Empty, null);
        }

        var settled = await Ledger(runtime).AskAsync(machine => machine.FindSettled(task)).WaitAsync(cancellationToken) ?? throw new UnknownTaskException(task);
        var settlement = settled.Content?.Settlement ?? runtime.ReadSettlement(task) ?? throw new UnknownTaskException(task);
        return new TaskStory(task, settlement.Story, settlement);
    }

    public async IAsyncEnumerable<RefinementStatus> ListAsync(TaskFilter? filter = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var all = await Ledger(host.Main).AskAsync(machine => List(machine, filter)).WaitAsync(cancellationToken);
        foreach (var status in all) yield return status;
    }

    /// <summary>A part of what <see cref="IRqmlClient.ListAsync"/> gives: at most so many, beginning behind one of them.</summary>
    public async ValueTask<IReadOnlyList<RefinementStatus>> ListAsync(TaskFilter filter, TaskId? after, int limit, CancellationToken cancellationToken) =>
        await Ledger(host.Main).AskAsync(machine => List(machine, filter, after, limit)).WaitAsync(cancellationToken);

    /// <summary>How long results are kept of which their submitter has not said it.</summary>
    public TimeSpan KeepByDefault => host.KeepResults ?? (host.Main.Checkpoints is null ? TimeSpan.Zero : TimeSpan.FromDays(1));

    /// <summary>What the ledger knows of one task.</summary>
    public async ValueTask<RefinementStatus> GetStatusAsync(TaskId task, CancellationToken cancellationToken)
    {
        var found = await Ledger(host.Main).AskAsync(machine =>
            machine.FindOpen(task) is { } open ? Describe(open) : machine.FindSettled(task) is { } settled ? Describe(settled) : null).WaitAsync(cancellationToken);
        return found ?? throw new UnknownTaskException(task);
    }

    /// <summary>Asks for the task's iterations. Where it is over, or the ledger is, nobody answers, and the handle knows.</summary>
    public void Watch(TaskId task) => Ledger(host.Main).Post(LedgerEvent.Watch(task));

    /// <summary>Submits with a permit in hand; it goes back where no task is taken for it. An existing task without a handle: it was purged meanwhile, so try again.</summary>
    private async ValueTask<Answered<TArtifact>> SubmitAdmittedAsync<TPayload, TArtifact>(
        TaskClass<TPayload, TArtifact> taskClass, TaskClassDefinition definition, TPayload payload, SubmitOptions options, CancellationToken cancellationToken)
    {
        var runtime = host.Main;
        var spec = Specify(taskClass, definition, payload, options, runtime);
        using var span = Spans.Submit(spec.Id, spec.Class);
        if (TaskTrace.Of(span, Activity.Current) is { } trace) spec = spec with { Trace = trace };
        var handle = NewHandle(taskClass, spec.Id);
        stations?.Entered(Station.Submit, spec.Id);
        if (runtime.Checkpoints is null && spec.IdempotencyKey is null)
        {
            // Nothing is to become durable, and no earlier task can be meant: it is accepted. Where the ledger stops before it looks, the handle hears of it.
            Ledger(runtime).Post(LedgerEvent.Submit(spec, handle, null));
            return new(SubmitAnswer.Accepted, handle);
        }

        var ticket = new SubmitTicket(host.Admission);
        Ledger(runtime).Post(LedgerEvent.Submit(spec, handle, ticket));
        var reply = await ticket.Task.WaitAsync(cancellationToken);
        switch (reply.Answer)
        {
            case SubmitAnswer.Accepted:
                return new(SubmitAnswer.Accepted, handle);
            case SubmitAnswer.Conflict:
                throw new IdempotencyConflictException(taskClass.Name, options.IdempotencyKey!, reply.Task);
            case SubmitAnswer.TooLate:
                return Ended() is LedgerLostException lost ? throw lost : new(SubmitAnswer.TooLate, null);
        }

        try
        {
            return new(SubmitAnswer.Existing, await AttachAsync(taskClass, reply.Task, cancellationToken));
        }
        catch (UnknownTaskException)
        {
            return new(SubmitAnswer.Existing, null);
        }
    }

    /// <summary>Counts what is thrown at the door, and lets it pass: a filter that never catches.</summary>
    private bool IsRefusal(Exception error)
    {
        if (error is RqmlException or ArgumentException) host.Instruments.Tasks.Refused(error.GetType().Name);
        return false;
    }

    private static RefinementStatus[] List(LedgerMachine machine, TaskFilter? filter) =>
        [.. machine.Open.Select(Describe).Concat(machine.Settled.Select(Describe)).Where(status => filter is null || filter.Matches(status)).OrderBy(status => status.Id)];

    /// <summary>Keeps the first so many while it looks at all: the loop that answers sorts no more than the page.</summary>
    private static RefinementStatus[] List(LedgerMachine machine, TaskFilter filter, TaskId? after, int limit)
    {
        var last = new PriorityQueue<RefinementStatus, TaskId>(Comparer<TaskId>.Create(static (one, other) => other.CompareTo(one)));
        foreach (var open in machine.Open)
        {
            if (Wants(open.Spec.Id)) Take(Describe(open));
        }

        foreach (var settled in machine.Settled)
        {
            if (Wants(settled.Id)) Take(Describe(settled));
        }

        return [.. last.UnorderedItems.Select(item => item.Element).OrderBy(status => status.Id)];

        bool Wants(TaskId id) => (after is not { } begin || id > begin) && (last.Count < limit || id < last.Peek().Id);

        void Take(RefinementStatus status)
        {
            if (!filter.Matches(status)) return;
            last.Enqueue(status, status.Id);
            if (last.Count > limit) last.Dequeue();
        }
    }

    private static RefinementStatus Describe(LedgerTask task)
    {
        var spec = task.Spec;
        return new RefinementStatus(
            spec.Id, spec.Class.Name, spec.Class.Version, task.AnnouncedIn is null ? RefinementState.Submitted : RefinementState.Scheduled, null, At(spec.SubmittedMs), null,
            spec.Priority, spec.PartitionKey, spec.IdempotencyKey, 0, task.Strikes.Count);
    }

    private static RefinementStatus Describe(SettledTask task) => new(
        task.Id, task.Class.Name, task.Class.Version, RefinementState.Settled, task.Outcome, At(task.SubmittedMs), At(task.SettledMs),
        task.Priority, task.PartitionKey, task.IdempotencyKey, task.Iterations, task.Strikes);

    private static DateTimeOffset At(long unixMs) => DateTimeOffset.FromUnixTimeMilliseconds(unixMs);

    private RefinementHandle<TArtifact> NewHandle<TPayload, TArtifact>(TaskClass<TPayload, TArtifact> taskClass, TaskId id) => new(id, taskClass.ArtifactSerializer, this);

    private TaskClassDefinition Check<TPayload, TArtifact>(TaskClass<TPayload, TArtifact> taskClass, [System.Diagnostics.CodeAnalysis.NotNull] ref SubmitOptions? options)
    {
        var definition = Find(taskClass);
        options ??= SubmitOptions.Default;
        options.Validate();
        return definition;
    }

    private TaskClassDefinition Find<TPayload, TArtifact>(TaskClass<TPayload, TArtifact> taskClass)
    {
        ArgumentNullException.ThrowIfNull(taskClass);
        var definition = host.Classes.Find(taskClass.Key) ?? throw new UnknownTaskClassException(taskClass.Name, taskClass.Version);
        if (definition is TaskClassDefinition<TPayload, TArtifact>) return definition;
        throw new ArgumentException($"The task class '{taskClass.Key}' is registered here with other types than {typeof(TPayload)} and {typeof(TArtifact)}.", nameof(taskClass));
    }

    private TaskSpec Specify<TPayload, TArtifact>(TaskClass<TPayload, TArtifact> taskClass, TaskClassDefinition definition, TPayload payload, SubmitOptions options, NodeRuntime runtime)
    {
        var bytes = WriteOrLeave(taskClass, payload, definition.Policy.MaxPayloadBytes);
        var nowMs = runtime.Clock.NowMs;
        var id = NextId(runtime);
        var keep = options.KeepResult ?? KeepByDefault;
        return new TaskSpec
        {
            Id = id,
            Class = taskClass.Key,
            Payload = bytes,
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
            lock (_lock) ids = _ids ??= new TaskIdSource(runtime.LedgerId, runtime.Self.Incarnation.Value, runtime.NewestFoundMs);
        }

        return ids.Next(runtime.Clock.NowMs);
    }

    /// <summary>Writes the payload; where that fails, its permit goes back.</summary>
    private ReadOnlyMemory<byte> WriteOrLeave<TPayload, TArtifact>(TaskClass<TPayload, TArtifact> taskClass, TPayload payload, int maxBytes)
    {
        var isWritten = false;
        try
        {
            var bytes = Write(taskClass, payload, maxBytes);
            isWritten = true;
            return bytes;
        }
        finally
        {
            if (!isWritten) host.Admission.Leave(1);
        }
    }

    private static ReadOnlyMemory<byte> Write<TPayload, TArtifact>(TaskClass<TPayload, TArtifact> taskClass, TPayload payload, int maxBytes)
    {
        ReadOnlyMemory<byte> bytes;
        try
        {
            bytes = ValueBytes.Of(taskClass.PayloadSerializer, payload);
        }
        catch (Exception error)
        {
            throw new SerializationFailedException(typeof(TPayload), "payload", error);
        }

        return bytes.Length <= maxBytes ? bytes : throw new PayloadTooLargeException(taskClass.Name, bytes.Length, maxBytes);
    }

    private static Ledger Ledger(NodeRuntime runtime) => runtime.Ledger ?? throw new InvalidOperationException("This host's node has not the role Client, so it takes no tasks.");

    /// <summary>Why nothing is taken any more: the ledger is lost, or the host is stopping.</summary>
    private RqmlException Ended()
    {
        var runtime = host.Main;
        return runtime.Failure.Task.IsCompleted ? runtime.Lost() : new ShuttingDownException(runtime.Self.Node);
    }

    private readonly record struct Answered<TArtifact>(SubmitAnswer Answer, RefinementHandle<TArtifact>? Handle);
}
