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
}

/// <summary>One effect of the <see cref="LedgerMachine"/>.</summary>
internal readonly struct LedgerEffect : IEffect
{
    private LedgerEffect(LedgerEffectKind kind, bool onceDurable, TaskId task, object? subject, object? target, Message message) =>
        (Kind, OnceDurable, Task, Subject, Target, Message) = (kind, onceDurable, task, subject, target, message);

    public LedgerEffectKind Kind { get; }

    public bool OnceDurable { get; init; }

    public bool IsWrite => Kind <= LedgerEffectKind.Purge;

    public TaskId Task { get; }

    /// <summary>What is written, answered or delivered.</summary>
    public object? Subject { get; }

    /// <summary>The peer, ticket or watcher that gets it; of a settlement, what the ledger keeps of the task.</summary>
    public object? Target { get; }

    public Message Message { get; }

    public static LedgerEffect WriteSubmission(TaskSpec spec) => new(LedgerEffectKind.WriteSubmission, false, spec.Id, spec, null, default);

    public static LedgerEffect WriteSettlement(TaskId task, Settlement settlement) => new(LedgerEffectKind.WriteSettlement, false, task, settlement, null, default);

    /// <param name="task">The task.</param>
    /// <param name="kept">What the ledger keeps of it; null: nothing.</param>
    /// <param name="settlement">How it was settled.</param>
    public static LedgerEffect WriteSettlement(LedgerTask task, SettledTask? kept, Settlement settlement) =>
        new(LedgerEffectKind.WriteSettlement, false, task.Spec.Id, settlement, (object?)kept ?? task, default);

    public static LedgerEffect WriteStrikes(TaskId task, Strike[] strikes) => new(LedgerEffectKind.WriteStrikes, false, task, strikes, null, default);

    public static LedgerEffect Purge(TaskId task) => new(LedgerEffectKind.Purge, false, task, null, null, default);

    /// <summary>Story; null: the task is open no longer.</summary>
    public static LedgerEffect AnswerStory(TaskId task, object ticket, object? story) => new(LedgerEffectKind.AnswerStory, false, task, story, ticket, default);

    public static LedgerEffect Send(Peer to, in Message message) => new(LedgerEffectKind.Send, false, message.Task, null, to, message);

    public static LedgerEffect SendOnceDurable(Peer to, in Message message) => new(LedgerEffectKind.Send, true, message.Task, null, to, message);

    public static LedgerEffect AnswerSubmit(object ticket, SubmitAnswer answer, TaskId task) => new(LedgerEffectKind.AnswerSubmit, true, task, new SubmitReply(answer, task), ticket, default);

    public static LedgerEffect AnswerCancel(object ticket, CancelAnswer answer) => new(LedgerEffectKind.AnswerCancel, true, default, answer, ticket, default);

    public static LedgerEffect AnswerAttach(object ticket, AttachReply? reply) => new(LedgerEffectKind.AnswerAttach, true, default, reply, ticket, default);

    public static LedgerEffect AnswerQuestion(Question question) => new(LedgerEffectKind.AnswerQuestion, true, default, null, question, default);

    public static LedgerEffect Complete(TaskId task, object watcher, Settlement settlement) => new(LedgerEffectKind.Complete, true, task, settlement, watcher, default);

    public static LedgerEffect Deliver(object watcher, IterationReport iteration) => new(LedgerEffectKind.Deliver, false, default, iteration, watcher, default);
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
internal sealed record AttachReply(ClassKey Class, bool IsSettled, Settlement? Settlement, object? Watcher);
