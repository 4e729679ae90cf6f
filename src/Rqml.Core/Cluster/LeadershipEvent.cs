using Rqml.Messaging;

namespace Rqml.Cluster;

/// <summary>What leadership hears: answers of the coordination store, and wishes of the scheduler here.</summary>
internal enum LeadershipEventKind : byte
{
    LeaseGranted,
    GrantFailed,
    LeaseRenewed,
    LeaseGone,
    Snapshot,
    Committed,
    Refused,
    Unavailable,
    Register,
    Fence,
    StepDown,
    PeerGone,
}

/// <summary>One event for the <see cref="LeadershipMachine"/>.</summary>
internal readonly struct LeadershipEvent
{
    private LeadershipEvent(LeadershipEventKind kind) => Kind = kind;

    public LeadershipEventKind Kind { get; }

    public LeaseId Lease { get; private init; }

    public CoordinationSnapshot? Snapshot { get; private init; }

    /// <summary>Which write the answer is to.</summary>
    public ulong Nonce { get; private init; }

    public long Revision { get; private init; }

    public Peer? Peer { get; private init; }

    public Term Term { get; private init; }

    public static LeadershipEvent Granted(LeaseId lease) => new(LeadershipEventKind.LeaseGranted) { Lease = lease };

    /// <summary>The store did not answer; should it have granted a lease, that one ends by itself.</summary>
    public static LeadershipEvent GrantFailed() => new(LeadershipEventKind.GrantFailed);

    public static LeadershipEvent Renewed() => new(LeadershipEventKind.LeaseRenewed);

    public static LeadershipEvent LeaseGone() => new(LeadershipEventKind.LeaseGone);

    /// <summary>Everything under the cluster's prefix, at a revision.</summary>
    public static LeadershipEvent Saw(CoordinationSnapshot snapshot) => new(LeadershipEventKind.Snapshot) { Snapshot = snapshot };

    /// <summary>The same, as the answer to a question that was asked when the store was known to have come to <paramref name="known"/>: it can be behind that only where it went back.</summary>
    public static LeadershipEvent Read(CoordinationSnapshot snapshot, Term known) => new(LeadershipEventKind.Snapshot) { Snapshot = snapshot, Term = known };

    public static LeadershipEvent Committed(ulong nonce, long revision) => new(LeadershipEventKind.Committed) { Nonce = nonce, Revision = revision };

    /// <summary>A compare did not hold: nothing was applied.</summary>
    public static LeadershipEvent Refused(ulong nonce) => new(LeadershipEventKind.Refused) { Nonce = nonce };

    /// <summary>The store did not answer; what it was asked may or may not have been done. A nonce of zero: it was a question, or a lease.</summary>
    public static LeadershipEvent Unavailable(ulong nonce) => new(LeadershipEventKind.Unavailable) { Nonce = nonce };

    public static LeadershipEvent Register(Peer node, Term term) => new(LeadershipEventKind.Register) { Peer = node, Term = term };

    public static LeadershipEvent Fence(Peer node, Term term) => new(LeadershipEventKind.Fence) { Peer = node, Term = term };

    /// <summary>A node obeys a later term than the scheduler here leads in.</summary>
    public static LeadershipEvent StepDown(Term later) => new(LeadershipEventKind.StepDown) { Term = later };

    /// <summary>The peer's process is gone.</summary>
    public static LeadershipEvent PeerGone(Peer peer) => new(LeadershipEventKind.PeerGone) { Peer = peer };
}
