using Rqml.Cluster;
using Rqml.Hosting;
using Rqml.Ledgers;
using Rqml.Messaging;

namespace Rqml.Nodes;

/// <summary>What a node does.</summary>
internal enum NodeEffectKind : byte
{
    WriteTerm,
    WriteSelfAttempts,
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
    AskLedger,
    LoseResult,
    Drained,
}

/// <summary>One effect of the <see cref="NodeMachine"/>. Small, as each task has a dozen: what only some kinds have shares its place.</summary>
internal readonly struct NodeEffect : IEffect
{
    private readonly Message _message;
    private readonly object? _subject;

    private NodeEffect(NodeEffectKind kind, object? subject, in Message message, bool onceDurable = false)
    {
        Kind = kind;
        OnceDurable = onceDurable;
        _subject = subject;
        _message = message;
    }

    public NodeEffectKind Kind { get; }

    public bool OnceDurable { get; }

    public bool IsWrite => Kind <= NodeEffectKind.DropTask;

    public TaskId Task => _message.Task;

    public Term Term => new(_message.Epoch.Generation, _message.Epoch.Term);

    /// <summary>Attempts that the node has given itself.</summary>
    public long Count => _message.Number;

    public LendingRequest? Request => _subject as LendingRequest;

    public NodeAttempt? Attempt => _subject as NodeAttempt;

    /// <summary>What the disk is to hold of the attempt.</summary>
    public StoredAttempt? Stored => _subject as StoredAttempt;

    public Outbound? Outbound => _subject as Outbound;

    public ResultLoss Loss => (ResultLoss)_message.Number;

    public BallotJob? Ballot => _subject as BallotJob;

    public Peer? To => _subject as Peer;

    public Message Message => _message;

    public static NodeEffect WriteTerm(Term term) => new(NodeEffectKind.WriteTerm, null, new Message { Epoch = new Epoch(term.Generation, term.Number, 0) });

    public static NodeEffect WriteSelfAttempts(long count) => new(NodeEffectKind.WriteSelfAttempts, null, new Message { Number = count });

    public static NodeEffect WriteAttempt(NodeAttempt attempt) => WriteAttempt(attempt.Stored);

    public static NodeEffect WriteAttempt(StoredAttempt attempt) => new(NodeEffectKind.WriteAttempt, attempt, About(attempt.Attempt.Task));

    public static NodeEffect WriteOutbound(Outbound outbound) => new(NodeEffectKind.WriteOutbound, outbound, About(outbound.Attempt.Task));

    public static NodeEffect DropTask(TaskId task) => new(NodeEffectKind.DropTask, null, About(task));

    public static NodeEffect Send(Peer to, in Message message) => new(NodeEffectKind.Send, to, message);

    public static NodeEffect SendOnceDurable(Peer to, in Message message) => new(NodeEffectKind.Send, to, message, onceDurable: true);

    public static NodeEffect StartRun(NodeAttempt attempt) => new(NodeEffectKind.StartRun, attempt, default);

    public static NodeEffect StartRunOnceDurable(NodeAttempt attempt) => new(NodeEffectKind.StartRun, attempt, default, onceDurable: true);

    public static NodeEffect StopRun(NodeAttempt attempt) => new(NodeEffectKind.StopRun, attempt, default);

    public static NodeEffect YieldRun(NodeAttempt attempt) => new(NodeEffectKind.YieldRun, attempt, default);

    public static NodeEffect WatchRun(NodeAttempt attempt) => new(NodeEffectKind.WatchRun, attempt, default);

    public static NodeEffect TellStory(NodeAttempt attempt) => new(NodeEffectKind.TellStory, attempt, default);

    public static NodeEffect StartBallot(BallotJob job) => new(NodeEffectKind.StartBallot, job, default);

    /// <summary>The ledger of our own process is asked for tasks that nobody has.</summary>
    public static NodeEffect AskLedger(LendingRequest request) => new(NodeEffectKind.AskLedger, request, default);

    /// <summary>A result that nobody took is kept no longer.</summary>
    public static NodeEffect LoseResult(Outbound result, ResultLoss loss) => new(NodeEffectKind.LoseResult, result, new Message { Task = result.Attempt.Task, Number = (long)loss });

    public static NodeEffect Drained() => new(NodeEffectKind.Drained, null, default);

    private static Message About(TaskId task) => new() { Task = task };
}
