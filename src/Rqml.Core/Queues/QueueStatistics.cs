namespace Rqml.Queues;

/// <summary>What waits in a queue at one moment. Immutable.</summary>
public sealed record QueueStatistics
{
    /// <summary>All tasks in the queue: <see cref="Ready"/> + <see cref="Parked"/> + <see cref="Delayed"/> + <see cref="HeldByKey"/>.</summary>
    public required int Waiting { get; init; }

    /// <summary>Tasks that wait for nothing but their turn.</summary>
    public required int Ready { get; init; }

    /// <summary>Tasks whose model or class is not available now.</summary>
    public required int Parked { get; init; }

    /// <summary>Tasks whose time has not come.</summary>
    public required int Delayed { get; init; }

    /// <summary>Tasks behind another one of their partition key.</summary>
    public required int HeldByKey { get; init; }

    /// <summary>Most tasks that the queue takes; returning ones may exceed it for a while.</summary>
    public required int Capacity { get; init; }

    /// <summary>Waiting tasks by the name of their class; classes without one are left out.</summary>
    public required IReadOnlyDictionary<string, int> WaitingByClass { get; init; }

    /// <summary>How long the oldest task has waited since it came, or since its delay ended; at most an eighth of a second too long. Zero when none waits.</summary>
    public required TimeSpan OldestWait { get; init; }

    /// <summary>Several queues as one.</summary>
    internal static QueueStatistics Sum(IReadOnlyList<QueueStatistics> queues) => queues is [var only] ? only : new()
    {
        Waiting = queues.Sum(queue => queue.Waiting),
        Ready = queues.Sum(queue => queue.Ready),
        Parked = queues.Sum(queue => queue.Parked),
        Delayed = queues.Sum(queue => queue.Delayed),
        HeldByKey = queues.Sum(queue => queue.HeldByKey),
        Capacity = queues.Sum(queue => queue.Capacity),
        WaitingByClass = queues.SelectMany(queue => queue.WaitingByClass).GroupBy(entry => entry.Key).ToDictionary(group => group.Key, group => group.Sum(entry => entry.Value)),
        OldestWait = queues.Max(queue => queue.OldestWait),
    };
}
