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
    Lend,
}

/// <summary>One event for the <see cref="LedgerMachine"/>. Small, as it is copied on its way through the inbox: what only some kinds have shares its place.</summary>
internal readonly struct LedgerEvent
{
    private readonly Message _message;

    private LedgerEvent(LedgerEventKind kind, object? subject, object? ticket, in Message message)
    {
        Kind = kind;
        Subject = subject;
        Ticket = ticket;
        _message = message;
    }

    public LedgerEventKind Kind { get; }

    public TaskId Task => _message.Task;

    /// <summary>The specification, the question or the leader, by kind.</summary>
    public object? Subject { get; }

    /// <summary>Who waits for the task, of a submission; or wants to, of an attachment.</summary>
    public object? Watcher => _message.Body;

    /// <summary>Whom to answer.</summary>
    public object? Ticket { get; }

    public Term Term => new(_message.Epoch.Generation, _message.Epoch.Term);

    public Message Message => _message;

    public static LedgerEvent Submit(TaskSpec spec, object? watcher, object? ticket) => new(LedgerEventKind.Submit, spec, ticket, new Message { Task = spec.Id, Body = watcher });

    public static LedgerEvent Cancel(TaskId task, object ticket) => new(LedgerEventKind.Cancel, null, ticket, new Message { Task = task });

    /// <param name="task">The task.</param>
    /// <param name="watcher">Who wants to follow it.</param>
    /// <param name="ticket">Whom to answer.</param>
    /// <param name="asked">Of which class it is taken to be: a task of another class is not followed.</param>
    public static LedgerEvent Attach(TaskId task, object watcher, object ticket, ClassKey? asked = null) => new(LedgerEventKind.Attach, asked, ticket, new Message { Task = task, Body = watcher });

    public static LedgerEvent Ask(Question question) => new(LedgerEventKind.Ask, question, null, default);

    public static LedgerEvent Watch(TaskId task) => new(LedgerEventKind.Watch, null, null, new Message { Task = task });

    public static LedgerEvent Explain(TaskId task, object ticket) => new(LedgerEventKind.Explain, null, ticket, new Message { Task = task });

    public static LedgerEvent Leader(Peer leader, Term term) => new(LedgerEventKind.Leader, leader, null, new Message { Epoch = new Epoch(term.Generation, term.Number, 0) });

    /// <summary>The node here hears of no leader, and asks for tasks of its own.</summary>
    public static LedgerEvent Lend(LendingRequest request) => new(LedgerEventKind.Lend, request, null, default);

    public static LedgerEvent Of(in Message message) => new(LedgerEventKind.Message, null, null, message);
}

/// <summary>A question to the ledger: looked up in its turn, and answered once everything that it saw is durable.</summary>
internal abstract class Question
{
    public abstract void LookUp(LedgerMachine ledger);

    public abstract void Answer();

    public abstract void Lose(Exception error);
}
