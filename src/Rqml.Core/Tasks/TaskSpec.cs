using Rqml.Diagnostics;

namespace Rqml.Tasks;

/// <summary>What was submitted: immutable, and the same object on its whole way inside a process.</summary>
internal sealed record TaskSpec
{
    public required TaskId Id { get; init; }

    public required ClassKey Class { get; init; }

    public required ReadOnlyMemory<byte> Payload { get; init; }

    public int Priority { get; init; }

    /// <summary>In [0, 1]; NaN where the submitter did not say.</summary>
    public double Difficulty { get; init; } = double.NaN;

    public long SubmittedMs { get; init; }

    public long DeadlineMs { get; init; } = long.MaxValue;

    public long NotBeforeMs { get; init; }

    public long KeepResultMs { get; init; }

    public TaskBudget Budget { get; init; } = TaskBudget.OfClass;

    public string? PartitionKey { get; init; }

    public string? IdempotencyKey { get; init; }

    /// <summary>Source of all randomness of the task, drawn from the host's seed, the class, and the idempotency key or the id.</summary>
    public ulong Seed { get; init; }

    /// <summary>Where its trace began; null where nobody traced its submission.</summary>
    public TaskTrace? Trace { get; init; }
}
