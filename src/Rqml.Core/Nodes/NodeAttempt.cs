using Rqml.Checkpoints;
using Rqml.Messaging;
using Rqml.Refinement;
using Rqml.Tasks;

namespace Rqml.Nodes;

/// <summary>Where an attempt is at its node.</summary>
internal enum AttemptState : byte
{
    /// <summary>In the inbound or the refinement queue.</summary>
    Waiting,

    /// <summary>On a lane.</summary>
    Running,

    /// <summary>A worker died of it; the ledger has not yet answered.</summary>
    AwaitingStrike,

    /// <summary>Recovered from disk with a partition key: it runs when a scheduler has confirmed it.</summary>
    AwaitingAdoption,
}

/// <summary>One attempt at its node: the machine's own state.</summary>
internal sealed class NodeAttempt(Attempt attempt, TaskSpec spec, Peer ledger)
{
    public Attempt Attempt { get; } = attempt;

    public TaskSpec Spec { get; } = spec;

    public Peer Ledger { get; set; } = ledger;

    public AttemptState State { get; set; }

    /// <summary>Starts of this attempt on a worker, here.</summary>
    public long Run { get; set; }

    public bool Watched { get; set; }

    /// <summary>Where the next run begins: replaced at each iteration boundary.</summary>
    public RefinementSnapshot Resume { get; set; } = RefinementSnapshot.Empty;

    /// <summary>Iteration at which it was taken up again after a crash, a move or a worker's death; 0 where it never was.</summary>
    public int ResumedAt { get; set; }

    public long RetryMs { get; set; }

    /// <summary>Hash of the checkpoint that it was recovered from: the next one chains to it.</summary>
    public byte[] ResumeHash { get; private set; } = [];

    public NodeAttempt From(StoredCheckpoint checkpoint)
    {
        Resume = checkpoint.Snapshot;
        ResumeHash = checkpoint.Hash;
        return this;
    }

    /// <summary>What the shell keeps with it; opaque to the machine.</summary>
    public object? Handle { get; set; }
}
