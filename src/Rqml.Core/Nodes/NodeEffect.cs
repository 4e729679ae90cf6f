using Rqml.Cluster;
using Rqml.Hosting;
using Rqml.Messaging;

namespace Rqml.Nodes;

/// <summary>What a node does.</summary>
internal enum NodeEffectKind : byte
{
    WriteTerm,
    WriteAttempt,
    WriteOutbound,
    DropTask,
    Send,
    StartRun,
    StopRun,
    YieldRun,
    WatchRun,
    StartBallot,
    TellStory,
    Drained,
}

/// <summary>One effect of the <see cref="NodeMachine"/>.</summary>
internal readonly struct NodeEffect : IEffect
{
    private NodeEffect(NodeEffectKind kind) => Kind = kind;

    public NodeEffectKind Kind { get; }

    public bool IsWrite => Kind <= NodeEffectKind.DropTask;

    public bool OnceDurable { get; private init; }

    public TaskId Task { get; private init; }

    public Term Term { get; private init; }

    public NodeAttempt? Attempt { get; private init; }

    /// <summary>What the disk is to hold of the attempt.</summary>
    public StoredAttempt? Stored { get; private init; }

    public Outbound? Outbound { get; private init; }

    public Peer? To { get; private init; }

    public Message Message { get; private init; }

    public static NodeEffect WriteTerm(Term term) => new(NodeEffectKind.WriteTerm) { Term = term };

    public static NodeEffect WriteAttempt(NodeAttempt attempt) => WriteAttempt(attempt.ToStored());

    public static NodeEffect WriteAttempt(StoredAttempt attempt) => new(NodeEffectKind.WriteAttempt) { Stored = attempt, Task = attempt.Attempt.Task };

    public static NodeEffect WriteOutbound(Outbound outbound) => new(NodeEffectKind.WriteOutbound) { Outbound = outbound, Task = outbound.Attempt.Task };

    public static NodeEffect DropTask(TaskId task) => new(NodeEffectKind.DropTask) { Task = task };

    public static NodeEffect Send(Peer to, in Message message) => new(NodeEffectKind.Send) { To = to, Message = message };

    public static NodeEffect SendOnceDurable(Peer to, in Message message) => new(NodeEffectKind.Send) { To = to, Message = message, OnceDurable = true };

    public static NodeEffect StartRun(NodeAttempt attempt) => new(NodeEffectKind.StartRun) { Attempt = attempt };

    public static NodeEffect StartRunOnceDurable(NodeAttempt attempt) => new(NodeEffectKind.StartRun) { Attempt = attempt, OnceDurable = true };

    public static NodeEffect StopRun(NodeAttempt attempt) => new(NodeEffectKind.StopRun) { Attempt = attempt };

    public static NodeEffect YieldRun(NodeAttempt attempt) => new(NodeEffectKind.YieldRun) { Attempt = attempt };

    public static NodeEffect WatchRun(NodeAttempt attempt) => new(NodeEffectKind.WatchRun) { Attempt = attempt };

    public BallotJob? Ballot { get; private init; }

    public static NodeEffect TellStory(NodeAttempt attempt) => new(NodeEffectKind.TellStory) { Attempt = attempt };

    public static NodeEffect StartBallot(BallotJob job) => new(NodeEffectKind.StartBallot) { Ballot = job };

    public static NodeEffect Drained() => new(NodeEffectKind.Drained);
}
