namespace Rqml;

/// <summary>What became of a submission that does not wait.</summary>
public abstract record SubmitOutcome<TArtifact>
{
    private protected SubmitOutcome() { }

    /// <summary>Taken and durable.</summary>
    public sealed record Accepted(RefinementHandle<TArtifact> Handle) : SubmitOutcome<TArtifact>;

    /// <summary>The idempotency key belongs to this task with the same payload.</summary>
    public sealed record Existing(RefinementHandle<TArtifact> Handle) : SubmitOutcome<TArtifact>;

    /// <summary>The ledger has as many open tasks as it takes.</summary>
    public sealed record Full(TimeSpan RetryAfter) : SubmitOutcome<TArtifact>;

    /// <summary>The host is stopping.</summary>
    public sealed record ShuttingDown : SubmitOutcome<TArtifact>;
}
