namespace Rqml.Queues;

/// <summary>One waiting task: 72 bytes. It stands in exactly one place at a time.</summary>
internal struct WaitingSlot
{
    public object? Item;
    public Lane? Lane;
    public string? PartitionKey;
    public TaskId Task;
    public AgedRank Rank;

    /// <summary>When the task was enqueued or, if later, when its delay ends.</summary>
    public long SinceMs;

    /// <summary>Counted up when a heap lets go of the slot; heap entries with an older stamp are dead.</summary>
    public uint Stamp;

    /// <summary>While the slot is free: the next free one.</summary>
    public int NextFree;

    public WaitingPlace Place;
}

/// <summary>Where a task waits, hence which structure holds it.</summary>
internal enum WaitingPlace : byte
{
    /// <summary>Nowhere: the slot is free.</summary>
    None,

    /// <summary>In its lane: it has a turn, unless the lane is parked.</summary>
    Lane,

    /// <summary>In the time heap.</summary>
    Delayed,

    /// <summary>Behind another task of its partition key.</summary>
    Key,
}
