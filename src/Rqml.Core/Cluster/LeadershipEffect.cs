using Rqml.Hosting;
using Rqml.Messaging;

namespace Rqml.Cluster;

/// <summary>What leadership does: asks the coordination store, and tells the scheduler, ledger and node here.</summary>
internal enum LeadershipEffectKind : byte
{
    GrantLease,
    RenewLease,
    ReadAll,
    Commit,
    Remember,
    Elected,
    Deposed,
    Follow,
    Registered,
    Fenced,
    RefusedAsFenced,
    Stuck,
    SkippedMember,
    RefusedStore,
    TrustedStore,
    Superseded,
    StoreLost,
    StoreFound,
}

/// <summary>One effect of the <see cref="LeadershipMachine"/>. Of all that it hears, the node's own store keeps the highest term.</summary>
internal readonly struct LeadershipEffect : IEffect
{
    private LeadershipEffect(LeadershipEffectKind kind) => Kind = kind;

    public LeadershipEffectKind Kind { get; }

    public bool IsWrite => Kind == LeadershipEffectKind.Remember;

    public bool OnceDurable => false;

    public LeaseId Lease { get; private init; }

    public ulong Nonce { get; private init; }

    public CoordinationTransaction? Transaction { get; private init; }

    public Term Term { get; private init; }

    /// <summary>Where the store was found, of one that is refused: its generation and its revision.</summary>
    public Term Found { get; private init; }

    public Peer? Peer { get; private init; }

    public IReadOnlyList<Peer> Members { get; private init; } = [];

    /// <summary>When the store first failed to answer.</summary>
    public long SinceMs { get; private init; }

    /// <summary>The damaged entry that it is about.</summary>
    public string? Key { get; private init; }

    public static LeadershipEffect GrantLease() => new(LeadershipEffectKind.GrantLease);

    public static LeadershipEffect RenewLease(LeaseId lease) => new(LeadershipEffectKind.RenewLease) { Lease = lease };

    /// <param name="known">The generation and revision that the store must have reached by now: it had when it was asked.</param>
    public static LeadershipEffect ReadAll(Term known) => new(LeadershipEffectKind.ReadAll) { Term = known };

    /// <summary>Another start of this node refuses a store that has not come so far.</summary>
    public static LeadershipEffect Remember(Term term) => new(LeadershipEffectKind.Remember) { Term = term };

    public static LeadershipEffect Commit(ulong nonce, CoordinationTransaction transaction) => new(LeadershipEffectKind.Commit) { Nonce = nonce, Transaction = transaction };

    public static LeadershipEffect Elected(Term term, IReadOnlyList<Peer> members) => new(LeadershipEffectKind.Elected) { Term = term, Members = members };

    public static LeadershipEffect Deposed(Term term) => new(LeadershipEffectKind.Deposed) { Term = term };

    public static LeadershipEffect Follow(Peer leader, Term term) => new(LeadershipEffectKind.Follow) { Peer = leader, Term = term };

    public static LeadershipEffect Registered(Peer node, Term term) => new(LeadershipEffectKind.Registered) { Peer = node, Term = term };

    public static LeadershipEffect Fenced(Peer node, Term term) => new(LeadershipEffectKind.Fenced) { Peer = node, Term = term };

    /// <summary>The node cannot be registered: that start of it is fenced.</summary>
    public static LeadershipEffect RefusedAsFenced(Peer node, Term term) => new(LeadershipEffectKind.RefusedAsFenced) { Peer = node, Term = term };

    /// <summary>The store has not answered for long.</summary>
    public static LeadershipEffect StoreLost(long sinceMs) => new(LeadershipEffectKind.StoreLost) { SinceMs = sinceMs };

    /// <summary>The store answers again, after it was said to be lost.</summary>
    public static LeadershipEffect StoreFound(long sinceMs) => new(LeadershipEffectKind.StoreFound) { SinceMs = sinceMs };

    /// <summary>An entry that says who may lead is damaged: nobody stands for election until it is mended.</summary>
    public static LeadershipEffect Stuck(string key) => new(LeadershipEffectKind.Stuck) { Key = key };

    /// <summary>The store has gone back behind what was known of it: nothing is taken from it, nor written to it, until its generation is raised.</summary>
    public static LeadershipEffect RefusedStore(Term known, Term found) => new(LeadershipEffectKind.RefusedStore) { Term = known, Found = found };

    /// <summary>It was refused, and has come beyond what was known again.</summary>
    public static LeadershipEffect TrustedStore(Term found) => new(LeadershipEffectKind.TrustedStore) { Found = found };

    /// <summary>Another process lives under this node's name, and began later: this one is over.</summary>
    public static LeadershipEffect Superseded(Peer by) => new(LeadershipEffectKind.Superseded) { Peer = by };

    /// <summary>The entry of a member is damaged: the term begins without it.</summary>
    public static LeadershipEffect SkippedMember(string key) => new(LeadershipEffectKind.SkippedMember) { Key = key };
}
