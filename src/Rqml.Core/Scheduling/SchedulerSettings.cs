using Rqml.Messaging;

namespace Rqml.Scheduling;

/// <summary>What the host says of the scheduler. Immutable.</summary>
internal sealed record SchedulerSettings
{
    /// <summary>Open tasks at most; what is announced beyond waits at its ledger.</summary>
    public int MaxTasks { get; init; } = 1_000_000;

    /// <summary>Iterations after which a class's tasks end; for classes that only others know, the default.</summary>
    public Func<ClassKey, int> IterationLimit { get; init; } = static _ => new Refinement.ClassPolicy().MaxIterations;

    public long AgeEveryMs { get; init; } = 30_000;

    /// <summary>Whether nodes copy checkpoints into the coordination store.</summary>
    public bool RecallsCheckpoints { get; init; }

    public Liveness Liveness { get; init; } = Liveness.Default;
}
