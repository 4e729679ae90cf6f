using Rqml.Cluster;
using Rqml.Messaging;

namespace Rqml.Scheduling;

/// <summary>What a scheduler hears.</summary>
internal enum SchedulerEventKind : byte
{
    Message,
    Elected,
    Deposed,
    NodeGone,
    Registered,
    Fenced,
    RefusedAsFenced,
}

/// <summary>One event for the <see cref="SchedulerMachine"/>.</summary>
internal readonly struct SchedulerEvent
{
    private SchedulerEvent(SchedulerEventKind kind) => Kind = kind;

    public SchedulerEventKind Kind { get; }

    public Message Message { get; private init; }

    public Term Term { get; private init; }

    /// <summary>The nodes that were registered when the term began.</summary>
    public IReadOnlyList<Peer> Members { get; private init; } = [];

    public Peer? Peer { get; private init; }

    public static SchedulerEvent Of(in Message message) => new(SchedulerEventKind.Message) { Message = message };

    public static SchedulerEvent Elected(Term term, IReadOnlyList<Peer> members) => new(SchedulerEventKind.Elected) { Term = term, Members = members };

    public static SchedulerEvent Deposed() => new(SchedulerEventKind.Deposed);

    /// <summary>The peer's process is gone: its link was closed, and nobody listens there.</summary>
    public static SchedulerEvent NodeGone(Peer peer) => new(SchedulerEventKind.NodeGone) { Peer = peer };

    /// <summary>The store holds the node's registration, compared with this term.</summary>
    public static SchedulerEvent Registered(Peer peer, Term term) => new(SchedulerEventKind.Registered) { Peer = peer, Term = term };

    /// <summary>The store holds the fence of that incarnation, compared with this term.</summary>
    public static SchedulerEvent Fenced(Peer peer, Term term) => new(SchedulerEventKind.Fenced) { Peer = peer, Term = term };

    /// <summary>That start of the node is fenced, and cannot be registered any more.</summary>
    public static SchedulerEvent RefusedAsFenced(Peer peer, Term term) => new(SchedulerEventKind.RefusedAsFenced) { Peer = peer, Term = term };
}
