using Rqml.Cluster;
using Rqml.Messaging;

namespace Rqml.Scheduling;

/// <summary>What a scheduler hears.</summary>
internal enum SchedulerEventKind : byte
{
    Message,
    Elected,
    Deposed,
    Followed,
    NodeGone,
    NodeUnreachable,
    Registered,
    Fenced,
    RefusedAsFenced,
    Recalled,
    CopiesListed,
    StoreLost,
    StoreFound,
}

/// <summary>One event for the <see cref="SchedulerMachine"/>. Small, as it is copied on its way through the inbox: what only some kinds have shares its place.</summary>
internal readonly struct SchedulerEvent
{
    private readonly Message _message;
    private readonly object? _subject;

    private SchedulerEvent(SchedulerEventKind kind, object? subject, in Message message)
    {
        Kind = kind;
        _subject = subject;
        _message = message;
    }

    public SchedulerEventKind Kind { get; }

    public Message Message => _message;

    public Term Term => new(_message.Epoch.Generation, _message.Epoch.Term);

    /// <summary>The nodes that were registered when the term began.</summary>
    public IReadOnlyList<Peer> Members => _subject as IReadOnlyList<Peer> ?? [];

    public Peer? Peer => _subject as Peer;

    public IReadOnlyList<TaskId> Tasks => _message.Body as IReadOnlyList<TaskId> ?? [];

    public IReadOnlyDictionary<TaskId, byte[]>? Copies => _subject as IReadOnlyDictionary<TaskId, byte[]>;

    public static SchedulerEvent Of(in Message message) => new(SchedulerEventKind.Message, null, message);

    public static SchedulerEvent Elected(Term term, IReadOnlyList<Peer> members) => new(SchedulerEventKind.Elected, members, In(term));

    public static SchedulerEvent Deposed() => new(SchedulerEventKind.Deposed, null, default);

    /// <summary>Somebody leads: the start of that process which was elected.</summary>
    public static SchedulerEvent Followed(Peer leader) => new(SchedulerEventKind.Followed, leader, default);

    /// <summary>The peer's process is gone: its link was closed, and nobody listens there.</summary>
    public static SchedulerEvent NodeGone(Peer peer) => new(SchedulerEventKind.NodeGone, peer, default);

    /// <summary>Nothing can be said to the node, and has not been for long, whatever it says itself.</summary>
    public static SchedulerEvent NodeUnreachable(Peer peer) => new(SchedulerEventKind.NodeUnreachable, peer, default);

    /// <summary>The store holds the node's registration, compared with this term.</summary>
    public static SchedulerEvent Registered(Peer peer, Term term) => new(SchedulerEventKind.Registered, peer, In(term));

    /// <summary>The store holds the fence of that incarnation, compared with this term.</summary>
    public static SchedulerEvent Fenced(Peer peer, Term term) => new(SchedulerEventKind.Fenced, peer, In(term));

    /// <summary>That start of the node is fenced, and cannot be registered any more.</summary>
    public static SchedulerEvent RefusedAsFenced(Peer peer, Term term) => new(SchedulerEventKind.RefusedAsFenced, peer, In(term));

    /// <summary>What the coordination store held of those tasks: a checkpoint where there was one.</summary>
    public static SchedulerEvent Recalled(IReadOnlyList<TaskId> tasks, IReadOnlyDictionary<TaskId, byte[]> copies) => new(SchedulerEventKind.Recalled, copies, new Message { Body = tasks });

    /// <summary>Tasks of which the coordination store holds a checkpoint.</summary>
    public static SchedulerEvent CopiesListed(IReadOnlyList<TaskId> tasks) => new(SchedulerEventKind.CopiesListed, null, new Message { Body = tasks });

    /// <summary>The coordination store has not answered for long: nothing is registered or fenced until it does.</summary>
    public static SchedulerEvent StoreLost() => new(SchedulerEventKind.StoreLost, null, default);

    /// <summary>The coordination store answers again.</summary>
    public static SchedulerEvent StoreFound() => new(SchedulerEventKind.StoreFound, null, default);

    private static Message In(Term term) => new() { Epoch = new Epoch(term.Generation, term.Number, 0) };
}
