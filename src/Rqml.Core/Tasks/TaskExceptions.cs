namespace Rqml;

/// <summary>No such class, or not that version of it, is registered in this host.</summary>
public sealed class UnknownTaskClassException(string @class, int version)
    : RqmlException($"The task class '{@class}' v{version} is not registered in this host: add it with AddTaskClass.")
{
    /// <summary>Name of the class.</summary>
    public string Class { get; } = @class;

    /// <summary>Version of the class.</summary>
    public int Version { get; } = version;
}

/// <summary>The payload is longer than its class allows.</summary>
public sealed class PayloadTooLargeException(string @class, long bytes, long maxBytes)
    : RqmlException($"The payload for task class '{@class}' takes {bytes} bytes; the limit is {maxBytes}.")
{
    /// <summary>Name of the class.</summary>
    public string Class { get; } = @class;

    /// <summary>Length of the payload.</summary>
    public long Bytes { get; } = bytes;

    /// <summary>The limit.</summary>
    public long MaxBytes { get; } = maxBytes;
}

/// <summary>A serializer threw; the inner exception is what it threw.</summary>
public sealed class SerializationFailedException(Type type, string what, Exception innerException)
    : RqmlException($"The serializer of the {what} type {type} threw {innerException.GetType().Name}: {innerException.Message}", innerException)
{
    /// <summary>The type that was to be written or read.</summary>
    public Type Type { get; } = type;

    /// <summary>"payload" or "artifact".</summary>
    public string What { get; } = what;
}

/// <summary>The idempotency key belongs to a task with another payload, or of another version of the class.</summary>
public sealed class IdempotencyConflictException(string @class, string key, TaskId existing)
    : RqmlException($"The idempotency key '{key}' of task class '{@class}' belongs to task {existing}, whose payload or class version is another.")
{
    /// <summary>Name of the class.</summary>
    public string Class { get; } = @class;

    /// <summary>The key.</summary>
    public string Key { get; } = key;

    /// <summary>The task that has it.</summary>
    public TaskId Existing { get; } = existing;
}

/// <summary>The node is stopping or has stopped, and takes no more tasks. Submit again after the restart.</summary>
public sealed class ShuttingDownException(NodeId node) : RqmlException($"The node '{node}' is shutting down and takes no more tasks.")
{
    /// <summary>The node.</summary>
    public NodeId Node { get; } = node;
}

/// <summary>The ledger is full, and so many submitters wait for room already that this one was turned away. Submit less at once, or raise <c>MaxOpenTasks</c>.</summary>
public sealed class TooManyWaitingException(int maxOpen, int maxWaiting)
    : RqmlException($"The ledger has its {maxOpen} open tasks, and {maxWaiting} submitters wait for room already.")
{
    /// <summary>Open tasks that the ledger takes.</summary>
    public int MaxOpen { get; } = maxOpen;

    /// <summary>Submitters that may wait.</summary>
    public int MaxWaiting { get; } = maxWaiting;
}

/// <summary>No ledger of this host knows the task: never submitted here, or purged after its retention.</summary>
public sealed class UnknownTaskException(TaskId task) : RqmlException($"Task {task} is not known here: never submitted to this ledger, or purged after its retention.")
{
    /// <summary>The task.</summary>
    public TaskId Task { get; } = task;
}

/// <summary>The ledger that holds the task has stopped. What it made durable is there again after a restart: re-attach by id.</summary>
public sealed class LedgerLostException(NodeId node, Exception? innerException = null)
    : RqmlException($"The ledger of node '{node}' has stopped; durable tasks go on after its restart.", innerException)
{
    /// <summary>The node.</summary>
    public NodeId Node { get; } = node;
}
