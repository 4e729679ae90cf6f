using Rqml.Cluster;
using Rqml.Messaging;
using Rqml.Tasks;

namespace Rqml.Ledgers;

/// <summary>What a ledger hears.</summary>
internal enum LedgerEventKind : byte
{
    Submit,
    Cancel,
    Attach,
    Ask,
    Watch,
    Explain,
    Leader,
    Message,
}

/// <summary>One event for the <see cref="LedgerMachine"/>.</summary>
internal readonly struct LedgerEvent
{
    private LedgerEvent(LedgerEventKind kind, TaskId task, object? subject, object? ticket, Term term, Message message) =>
        (Kind, Task, Subject, Ticket, Term, Message) = (kind, task, subject, ticket, term, message);

    public LedgerEventKind Kind { get; }

    public TaskId Task { get; }

    /// <summary>The submission, the attachment, the question or the leader, by kind.</summary>
    public object? Subject { get; }

    /// <summary>Whom to answer.</summary>
    public object? Ticket { get; }

    public Term Term { get; }

    public Message Message { get; }

    public static LedgerEvent Submit(TaskSpec spec, object? watcher, object? ticket) => new(LedgerEventKind.Submit, spec.Id, new Submission(spec, watcher), ticket, default, default);

    public static LedgerEvent Cancel(TaskId task, object ticket) => new(LedgerEventKind.Cancel, task, null, ticket, default, default);

    public static LedgerEvent Attach(TaskId task, object watcher, object ticket, ClassKey? asked = null) => new(LedgerEventKind.Attach, task, new Attachment(watcher, asked), ticket, default, default);

    public static LedgerEvent Ask(Question question) => new(LedgerEventKind.Ask, default, question, null, default, default);

    public static LedgerEvent Watch(TaskId task) => new(LedgerEventKind.Watch, task, null, null, default, default);

    public static LedgerEvent Explain(TaskId task, object ticket) => new(LedgerEventKind.Explain, task, null, ticket, default, default);

    public static LedgerEvent Leader(Peer? leader, Term term) => new(LedgerEventKind.Leader, default, leader, null, term, default);

    public static LedgerEvent Of(in Message message) => new(LedgerEventKind.Message, message.Task, null, null, default, message);
}

/// <summary>A question to the ledger: looked up in its turn, and answered once everything that it saw is durable.</summary>
internal abstract class Question
{
    public abstract void LookUp(LedgerMachine ledger);

    public abstract void Answer();

    public abstract void Lose(Exception error);
}

/// <summary>Who wants to follow a task, and of which class it is taken to be; a task of another class is not followed.</summary>
internal sealed record Attachment(object Watcher, ClassKey? Class);

/// <summary>A specification and who waits for it.</summary>
internal sealed record Submission(TaskSpec Spec, object? Watcher);
