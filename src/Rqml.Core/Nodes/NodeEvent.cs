using Rqml.Cluster;
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

/// <summary>One event for the <see cref="NodeMachine"/>.</summary>
internal readonly struct NodeEvent
{
    private NodeEvent(NodeEventKind kind) => Kind = kind;

    public NodeEventKind Kind { get; }

    public Message Message { get; private init; }

    public Peer? Leader { get; private init; }

    public Term Term { get; private init; }

    public NodeAttempt? Attempt { get; private init; }

    public long Run { get; private init; }

    public RunEnding Ending { get; private init; }

    public object? Body { get; private init; }

    public long Number { get; private init; }

    /// <summary>Where the run left off; null where it made no iteration.</summary>
    public RefinementSnapshot? Snapshot { get; private init; }

    public static NodeEvent Of(in Message message) => new(NodeEventKind.Message) { Message = message };

    public static NodeEvent Led(Peer? leader, Term term) => new(NodeEventKind.Leader) { Leader = leader, Term = term };

    public static NodeEvent RunEnded(NodeAttempt attempt, long run, RunEnding ending, RefinementSnapshot? snapshot, object? body = null, long number = 0) =>
        new(NodeEventKind.RunEnded) { Attempt = attempt, Run = run, Ending = ending, Snapshot = snapshot, Body = body, Number = number };

    public BallotJob? Ballot { get; private init; }

    /// <summary>A voter on this node has spoken, and has left its lane.</summary>
    public static NodeEvent Voted(BallotJob job, Supervision.Ballot ballot) => new(NodeEventKind.Voted) { Ballot = job, Body = ballot };

    public static NodeEvent Drain() => new(NodeEventKind.Drain);
}
