namespace Rqml;

/// <summary>Submits tasks to this host's ledger and finds them again. Thread-safe.</summary>
public interface IRqmlClient
{
    /// <summary>Submits a task; waits for room, and returns once the submission is durable at the host's level: without a store, once it is handed over.</summary>
    /// <param name="taskClass">A class that this host has registered.</param>
    /// <param name="payload">What the task is about.</param>
    /// <param name="options">Priority, deadline, keys and budget.</param>
    /// <param name="cancellationToken">Ends the waiting, never the task.</param>
    /// <exception cref="InvalidOperationException">The host has not started, or its node takes no submissions: it has not the role of a client.</exception>
    /// <exception cref="UnknownTaskClassException">The class is not registered here.</exception>
    /// <exception cref="ArgumentException">The class that is registered under the name has other types.</exception>
    /// <exception cref="ArgumentOutOfRangeException">Options are out of their ranges; the message names all of them.</exception>
    /// <exception cref="SerializationFailedException">The payload's serializer threw.</exception>
    /// <exception cref="PayloadTooLargeException">The payload is longer than its class allows.</exception>
    /// <exception cref="IdempotencyConflictException">The idempotency key belongs to a task with another payload, or of another version of the class.</exception>
    /// <exception cref="ShuttingDownException">The host is stopping.</exception>
    /// <exception cref="TooManyWaitingException">The ledger is full, and too many submitters wait for room already.</exception>
    /// <exception cref="LedgerLostException">The ledger has stopped; whether the task was taken is known after a restart.</exception>
    ValueTask<RefinementHandle<TArtifact>> SubmitAsync<TPayload, TArtifact>(
        TaskClass<TPayload, TArtifact> taskClass, TPayload payload, SubmitOptions? options = null, CancellationToken cancellationToken = default);

    /// <summary>As <see cref="SubmitAsync"/>, but never waits for room: what is expected and frequent comes back as a value.</summary>
    ValueTask<SubmitOutcome<TArtifact>> TrySubmitAsync<TPayload, TArtifact>(
        TaskClass<TPayload, TArtifact> taskClass, TPayload payload, SubmitOptions? options = null, CancellationToken cancellationToken = default);

    /// <summary>Submits every payload of a stream as room allows, up to 256 at once so that they share commits, and gives the handles in the same order.</summary>
    /// <remarks>
    /// A handle is given as soon as its task is taken, while the next payload is read. Who reads no further ends that: the stream's token is cancelled, and it is closed; one that does not
    /// listen is left after a second, and closed when it comes.
    /// </remarks>
    IAsyncEnumerable<RefinementHandle<TArtifact>> SubmitAllAsync<TPayload, TArtifact>(
        TaskClass<TPayload, TArtifact> taskClass, IAsyncEnumerable<TPayload> payloads, Func<TPayload, SubmitOptions?>? options = null, CancellationToken cancellationToken = default);

    /// <summary>Finds a task again by its id, also after a restart. Calls for the same open task give the same handle.</summary>
    /// <exception cref="UnknownTaskException">This ledger does not know it.</exception>
    /// <exception cref="UnknownTaskClassException">The class is not registered here.</exception>
    /// <exception cref="ArgumentException">The task is of another class.</exception>
    /// <exception cref="LedgerLostException">The ledger has stopped; so for every call from here on.</exception>
    ValueTask<RefinementHandle<TArtifact>> AttachAsync<TPayload, TArtifact>(TaskClass<TPayload, TArtifact> taskClass, TaskId task, CancellationToken cancellationToken = default);

    /// <summary>Settles the task as cancelled, durably. False where it was settled before.</summary>
    /// <exception cref="UnknownTaskException">This ledger does not know it.</exception>
    ValueTask<bool> CancelAsync(TaskId task, CancellationToken cancellationToken = default);

    /// <summary>Submits a settled task's payload again, as a new task without idempotency key, deadline and not-before; waits for room.</summary>
    /// <exception cref="UnknownTaskException">This ledger does not know it.</exception>
    /// <exception cref="InvalidOperationException">It is not settled yet.</exception>
    /// <exception cref="ShuttingDownException">The host is stopping.</exception>
    ValueTask<TaskId> RequeueAsync(TaskId task, CancellationToken cancellationToken = default);

    /// <summary>
    /// What has happened to a task and why: where it ran, its scores, each decision with its reason, what it cost. Of an open task it is told by the node that works on
    /// it; where that does not answer within two seconds, the story is empty.
    /// </summary>
    /// <exception cref="UnknownTaskException">This ledger does not know it, or knows it no longer.</exception>
    /// <exception cref="LedgerLostException">The ledger has stopped.</exception>
    ValueTask<TaskStory> ExplainAsync(TaskId task, CancellationToken cancellationToken = default);

    /// <summary>The tasks of this ledger, in the order of submission, as they were at the call.</summary>
    IAsyncEnumerable<RefinementStatus> ListAsync(TaskFilter? filter = null, CancellationToken cancellationToken = default);
}
