using Rqml.Cluster;
using Rqml.Ledgers;
using Rqml.Messaging;
using Rqml.Refinement;

namespace Rqml.Nodes;

/// <summary>What a node hears.</summary>
internal enum NodeEventKind : byte
{
    Message,
    Leader,
    RunEnded,
    Voted,
    Drain,
    Lent,
}

/// <summary>How a run ended.</summary>
internal enum RunEnding : byte
{
    /// <summary>With a result. Body: Settlement.</summary>
    Finished,

    /// <summary>It gave its lane to something more important.</summary>
    Yielded,

    /// <summary>A pass failed and is to be tried again after a pause. Number: milliseconds.</summary>
    Pausing,

    /// <summary>Its worker died or was abandoned; the replacement is up.</summary>
    WorkerDied,

    /// <summary>It was stopped from here.</summary>
    Stopped,

    /// <summary>It cannot go on before a vote has ended. Body: VoteCall; number: of the vote.</summary>
    AwaitingVote,
}

/// <summary>One event for the <see cref="NodeMachine"/>. Small, as it is copied on its way through the inbox: what only some kinds have shares its place.</summary>
internal readonly struct NodeEvent
{
    private readonly Message _message;
    private readonly object? _subject;

    private NodeEvent(NodeEventKind kind, object? subject, in Message message)
    {
        Kind = kind;
        _subject = subject;
        _message = message;
    }

    public NodeEventKind Kind { get; }

    /// <summary>How a run ended.</summary>
    public RunEnding Ending { get; private init; }

    /// <summary>What was heard.</summary>
    public Message Message => _message;

    public Peer? Leader => _subject as Peer;

    public Term Term => new(_message.Epoch.Generation, _message.Epoch.Term);

    public IReadOnlyList<LentTask>? Tasks => _subject as IReadOnlyList<LentTask>;

    public NodeAttempt? Attempt => _subject as NodeAttempt;

    public BallotJob? Ballot => _subject as BallotJob;

    /// <summary>Number of the run that ended.</summary>
    public long Run => _message.Number;

    public object? Body => _message.Body;

    /// <summary>What the ending says beside its body.</summary>
    public long Number { get; private init; }

    /// <summary>Where the run left off; null where it made no iteration.</summary>
    public RefinementSnapshot? Snapshot { get; private init; }

    public static NodeEvent Of(in Message message) => new(NodeEventKind.Message, null, message);

    public static NodeEvent Led(Peer? leader, Term term) => new(NodeEventKind.Leader, leader, new Message { Epoch = new Epoch(term.Generation, term.Number, 0) });

    public static NodeEvent RunEnded(NodeAttempt attempt, long run, RunEnding ending, RefinementSnapshot? snapshot, object? body = null, long number = 0) =>
        new(NodeEventKind.RunEnded, attempt, new Message { Number = run, Body = body }) { Ending = ending, Snapshot = snapshot, Number = number };

    /// <summary>A voter on this node has spoken, and has left its lane.</summary>
    public static NodeEvent Voted(BallotJob job, Supervision.Ballot ballot) => new(NodeEventKind.Voted, job, new Message { Body = ballot });

    /// <summary>The ledger of our own process has tasks that nobody has, for us to run.</summary>
    public static NodeEvent Lent(IReadOnlyList<LentTask> tasks) => new(NodeEventKind.Lent, tasks, default);

    public static NodeEvent Drain() => new(NodeEventKind.Drain, null, default);
}
