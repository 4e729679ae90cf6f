namespace Rqml.Queues;

/// <summary>What a <see cref="TaskQueue{T}"/> must know of a task to find its turn; the task itself it never opens.</summary>
internal readonly record struct QueueTicket
{
    public required TaskId Task { get; init; }

    /// <summary>The task class, whose tasks share one turn in the rotation.</summary>
    public required string Class { get; init; }

    /// <summary>Higher goes first, within a class.</summary>
    public int Priority { get; init; }

    /// <summary>In [0,1]: easier goes first, within a priority.</summary>
    public double Difficulty { get; init; }

    /// <summary>Since when the task waits, not later than now; a task that comes back keeps its first time, and so its age.</summary>
    public required long EnqueuedMs { get; init; }

    /// <summary>The task has no turn, and gains no age, before this time.</summary>
    public long NotBeforeMs { get; init; }

    /// <summary>Of the tasks with one key one is out at a time, in the order of their ids.</summary>
    public string? PartitionKey { get; init; }

    /// <summary>What the task cannot run without: the name of a model or of a class. While that is parked, so is the task.</summary>
    public string? Needs { get; init; }

    /// <exception cref="ArgumentException">No class, an empty need, or a difficulty that is not in [0,1].</exception>
    internal void Validate()
    {
        ArgumentException.ThrowIfNullOrEmpty(Class);
        if (Needs is not null) ArgumentException.ThrowIfNullOrEmpty(Needs);
        if (Difficulty is not (>= 0 and <= 1))
        {
            throw new ArgumentOutOfRangeException(nameof(Difficulty), Difficulty, $"The difficulty of task {Task} is {Difficulty}; it takes 0 to 1.");
        }
    }
}
