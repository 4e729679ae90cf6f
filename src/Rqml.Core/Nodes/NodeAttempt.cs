using Rqml.Checkpoints;
using Rqml.Messaging;
using Rqml.Refinement;
using Rqml.Supervision.Votes;
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

    /// <summary>It cannot go on before a vote has ended.</summary>
    AwaitingVote,

    /// <summary>It has superseded another attempt of its task, whose run has not ended: it goes on from where that ends.</summary>
    AwaitingEnd,

    /// <summary>Recovered from disk, of a class that this node no longer runs: it stays there for a start that does, until its ledger has settled the task.</summary>
    Unserved,
}

/// <summary>One attempt at its node: the machine's own state.</summary>
internal sealed class NodeAttempt(StoredAttempt stored)
{
    public NodeAttempt(Attempt attempt, TaskSpec spec, Peer ledger) : this(new StoredAttempt(attempt, spec, ledger, Suspicion.None, null)) { }

    /// <summary>What the disk holds of it, or will with the next write.</summary>
    public StoredAttempt Stored { get; private set; } = stored;

    public Attempt Attempt => Stored.Attempt;

    public TaskSpec Spec => Stored.Spec;

    public Peer Ledger => Stored.Ledger;

    /// <summary>Node deaths that it may have caused.</summary>
    public Suspicion Suspicion
    {
        get => Stored.Suspicion;
        set => Stored = value == Stored.Suspicion ? Stored : Stored with { Suspicion = value };
    }

    /// <summary>The start of a node in which it began to run alone: should that start end without a word, it is a strike. Null otherwise.</summary>
    public Incarnation? Alone
    {
        get => Stored.Alone;
        set => Stored = Stored with { Alone = value };
    }

    public AttemptState State { get; set; }

    /// <summary>Starts of this attempt on a worker, here.</summary>
    public long Run { get; set; }

    /// <summary>What the ledger is asked to count as a worker's death: the run, or the start of the node that died of it.</summary>
    public long StrikeRun { get; set; }

    public bool Watched { get; set; }

    /// <summary>Where the next run begins: replaced at each iteration boundary.</summary>
    public RefinementSnapshot Resume { get; set; } = RefinementSnapshot.Empty;

    /// <summary>Iteration at which it was taken up again after a crash, a move or a worker's death; 0 where it never was.</summary>
    public int ResumedAt { get; set; }

    /// <summary>Whether it goes on from what another node left, and nothing of that is on our disk yet.</summary>
    public bool IsBrought { get; set; }

    public long RetryMs { get; set; }

    /// <summary>How hard the task is expected to be, from 0 to 1.</summary>
    public double Difficulty { get; set; } = Scheduling.ExpectedDifficulty.Unknown;

    /// <summary>The vote that it waits for; null where it waits for none.</summary>
    public VoteCall? Vote { get; set; }

    /// <summary>How the last vote ended; the run that waits for it takes it up.</summary>
    public VoteResult? Tally { get; set; }

    /// <summary>Since when it waits for a lane.</summary>
    public long QueuedMs { get; set; }

    /// <summary>Its node was fenced while it ran: at its next boundary it waits to be adopted.</summary>
    public bool IsFenced { get; set; }

    /// <summary>Whether its task may be settled, for all that anybody has said to this start of the node in this term.</summary>
    public bool IsInDoubt { get; set; }

    /// <summary>Revoked, settled or superseded: whatever still runs of it counts no more.</summary>
    public bool IsDropped { get; set; }

    /// <summary>The attempt that has superseded it while it ran; null where none has.</summary>
    public NodeAttempt? Heir { get; set; }

    /// <summary>The task's checkpoints here: an attempt that takes over from another of the same task goes on with its chain.</summary>
    public CheckpointChain Chain { get => field ??= new(); set; }

    /// <summary>The attempt as the disk holds it, going on from its newest checkpoint that is whole.</summary>
    public static NodeAttempt From(StoredAttempt stored, StoredCheckpoint checkpoint) => new(stored)
    {
        Resume = checkpoint.Snapshot,
        ResumedAt = checkpoint.Snapshot.Iteration,
        Chain = checkpoint.Chain,
    };

    /// <summary>The deadline travels as remaining time: counted from here it ends no earlier than at the ledger, which settles the task.</summary>
    public static long EndOf(long remainingMs, long nowMs) => remainingMs > long.MaxValue - nowMs ? long.MaxValue : nowMs + remainingMs;

    /// <summary>Begins where another node left off.</summary>
    public void GoOnFrom(RefinementSnapshot left) => (Resume, ResumedAt, IsBrought) = (left, left.Iteration, true);

    /// <summary>Its ledger may have another start by now.</summary>
    public void Follow(Peer ledger) => Stored = ReferenceEquals(ledger, Ledger) ? Stored : Stored with { Ledger = ledger };

    /// <summary>When its deadline passes, by our clock; <see cref="long.MaxValue"/> without one, or where nobody has said it since a restart.</summary>
    public long EndMs { get; set; } = long.MaxValue;

    /// <summary>Whose lane it holds; null while it does not run.</summary>
    public LaneGroup? Lane { get; set; }

    /// <summary>What the shell keeps with it; opaque to the machine.</summary>
    public object? Handle { get; set; }
}

/// <summary>What the disk holds of an attempt, beside its checkpoints. Immutable.</summary>
internal sealed record StoredAttempt(Attempt Attempt, TaskSpec Spec, Peer Ledger, Suspicion Suspicion, Incarnation? Alone);
