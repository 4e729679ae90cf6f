using Rqml.Hosting;
using Rqml.Messaging;
using Rqml.Tasks;

namespace Rqml.Ledgers;

/// <summary>What a ledger does.</summary>
internal enum LedgerEffectKind : byte
{
    WriteSubmission,
    WriteSettlement,
    WriteStrikes,
    Purge,
    Send,
    AnswerSubmit,
    AnswerCancel,
    AnswerAttach,
    AnswerQuestion,
    AnswerStory,
    Complete,
    Deliver,
    Lend,
}

/// <summary>One effect of the <see cref="LedgerMachine"/>. Small, as each task has a handful: what only some kinds have shares its place.</summary>
internal readonly struct LedgerEffect : IEffect
{
    private readonly Message _message;

    private LedgerEffect(LedgerEffectKind kind, bool onceDurable, object? subject, object? target, in Message message)
    {
        Kind = kind;
        OnceDurable = onceDurable;
        Subject = subject;
        Target = target;
        _message = message;
    }

    public LedgerEffectKind Kind { get; }

    public bool OnceDurable { get; init; }

    public bool IsWrite => Kind <= LedgerEffectKind.Purge;

    public TaskId Task => _message.Task;

    /// <summary>What is written, answered or delivered.</summary>
    public object? Subject { get; }

    /// <summary>The peer, ticket or watcher that gets it; of a settlement, what the ledger keeps of the task.</summary>
    public object? Target { get; }

    /// <summary>When the task was settled, of a settlement and of what completes with it.</summary>
    public long SettledMs => _message.Number;

    /// <summary>Whether a result is forgotten before its time, as too many are kept.</summary>
    public bool IsEarly => _message.Number != 0;

    public Message Message => _message;

    public static LedgerEffect WriteSubmission(TaskSpec spec) => new(LedgerEffectKind.WriteSubmission, false, spec, null, About(spec.Id));

    /// <param name="task">The task.</param>
    /// <param name="result">How it was settled.</param>
    /// <param name="settledMs">When.</param>
    /// <param name="kept">What the ledger goes by from now on: a <see cref="SettledTask"/>, or the task that it keeps nothing of.</param>
    public static LedgerEffect WriteSettlement(TaskId task, Settlement result, long settledMs, object? kept) => new(LedgerEffectKind.WriteSettlement, false, result, kept, About(task, settledMs));

    public static LedgerEffect WriteStrikes(TaskId task, Strike[] strikes) => new(LedgerEffectKind.WriteStrikes, false, strikes, null, About(task));

    public static LedgerEffect Purge(TaskId task, bool isEarly) => new(LedgerEffectKind.Purge, false, null, null, About(task, isEarly ? 1 : 0));

    /// <summary>Story; null: the task is open no longer.</summary>
    public static LedgerEffect AnswerStory(TaskId task, object ticket, object? story) => new(LedgerEffectKind.AnswerStory, false, story, ticket, About(task));

    public static LedgerEffect Send(Peer to, in Message message) => new(LedgerEffectKind.Send, false, null, to, message);

    public static LedgerEffect SendOnceDurable(Peer to, in Message message) => new(LedgerEffectKind.Send, true, null, to, message);

    public static LedgerEffect AnswerSubmit(object ticket, SubmitAnswer answer, TaskId task) => new(LedgerEffectKind.AnswerSubmit, true, new SubmitReply(answer, task), ticket, About(task));

    public static LedgerEffect AnswerCancel(object ticket, CancelAnswer answer) => new(LedgerEffectKind.AnswerCancel, true, answer, ticket, default);

    public static LedgerEffect AnswerAttach(object ticket, AttachReply? reply) => new(LedgerEffectKind.AnswerAttach, true, reply, ticket, default);

    public static LedgerEffect AnswerQuestion(Question question) => new(LedgerEffectKind.AnswerQuestion, true, null, question, default);

    public static LedgerEffect Complete(TaskId task, object watcher, Settlement result, long settledMs) => new(LedgerEffectKind.Complete, true, result, watcher, About(task, settledMs));

    public static LedgerEffect Deliver(object watcher, IterationReport iteration) => new(LedgerEffectKind.Deliver, false, iteration, watcher, default);

    /// <summary>The node of our own process may run these, as nobody leads.</summary>
    public static LedgerEffect Lend(IReadOnlyList<LentTask> tasks) => new(LedgerEffectKind.Lend, false, tasks, null, default);

    private static Message About(TaskId task, long number = 0) => new() { Task = task, Number = number };
}

/// <summary>What became of a submission.</summary>
internal enum SubmitAnswer : byte
{
    Accepted,
    Existing,
    Conflict,

    /// <summary>The ledger has stopped, and never saw it.</summary>
    TooLate,
}

/// <summary>What became of a cancellation.</summary>
internal enum CancelAnswer : byte
{
    Cancelled,
    AlreadySettled,
    Unknown,
}

/// <summary>The answer to a submission, and the task that it is about: the earlier one where the key was known.</summary>
internal sealed record SubmitReply(SubmitAnswer Answer, TaskId Task);

/// <summary>How a task stood when somebody attached to it: settled, then <paramref name="Settlement"/> is null where the store has it; or open with this watcher.</summary>
internal sealed record AttachReply(ClassKey Class, long? SettledMs, Settlement? Settlement, object? Watcher)
{
    public bool IsSettled => SettledMs is not null;
}
