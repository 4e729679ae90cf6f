namespace Rqml;

/// <summary>Where a task is, as its ledger knows it.</summary>
public enum RefinementState
{
    /// <summary>Taken, and known to no scheduler yet.</summary>
    Submitted = 0,

    /// <summary>A scheduler has it: waiting for a node, or at one.</summary>
    Scheduled = 1,

    /// <summary>Settled; see the outcome.</summary>
    Settled = 2,
}

/// <summary>What the ledger knows of a task. Immutable.</summary>
/// <param name="Id">The task.</param>
/// <param name="Class">Name of its class.</param>
/// <param name="ClassVersion">Version of its class.</param>
/// <param name="State">Where it is.</param>
/// <param name="Outcome">How it was settled; null while it is open.</param>
/// <param name="SubmittedAt">When it was submitted, by the submitter's clock.</param>
/// <param name="SettledAt">When it was settled; null while it is open.</param>
/// <param name="Priority">Its priority.</param>
/// <param name="PartitionKey">Its partition key, if any.</param>
/// <param name="IdempotencyKey">Its idempotency key, if any.</param>
/// <param name="Iterations">Iterations that the settled result rests on; 0 while it is open.</param>
/// <param name="Strikes">Workers that died of it so far.</param>
public sealed record RefinementStatus(
    TaskId Id,
    string Class,
    int ClassVersion,
    RefinementState State,
    Outcome? Outcome,
    DateTimeOffset SubmittedAt,
    DateTimeOffset? SettledAt,
    int Priority,
    string? PartitionKey,
    string? IdempotencyKey,
    int Iterations,
    int Strikes);

/// <summary>Which tasks to list. What is null does not filter.</summary>
public sealed record TaskFilter
{
    /// <summary>Name of the class.</summary>
    public string? Class { get; init; }

    /// <summary>State.</summary>
    public RefinementState? State { get; init; }

    /// <summary>Outcome; open tasks have none.</summary>
    public Outcome? Outcome { get; init; }

    /// <summary>Partition key.</summary>
    public string? PartitionKey { get; init; }

    /// <summary>Tasks submitted at this time or later.</summary>
    public DateTimeOffset? SubmittedSince { get; init; }

    internal bool Matches(RefinementStatus status) =>
        (Class is null || Class == status.Class)
        && (State is null || State == status.State)
        && (Outcome is null || Outcome == status.Outcome)
        && (PartitionKey is null || PartitionKey == status.PartitionKey)
        && (SubmittedSince is null || SubmittedSince <= status.SubmittedAt);
}
