using Rqml.Cluster;
using Rqml.Hosting;
using Rqml.Messaging;

namespace Rqml.Administration;

/// <summary>What happens at the desk of a node's administrator.</summary>
internal enum AdministratorEventKind : byte
{
    Ask,
    GiveUp,
    Leader,
    Message,
}

/// <summary>One event for the <see cref="AdministratorMachine"/>.</summary>
internal readonly record struct AdministratorEvent
{
    private AdministratorEvent(AdministratorEventKind kind) => Kind = kind;

    public AdministratorEventKind Kind { get; }

    /// <summary>Whom to answer.</summary>
    public object? Ticket { get; private init; }

    public AdministrationRequest? Request { get; private init; }

    public TaskId Task { get; private init; }

    public Peer? Leader { get; private init; }

    public Term Term { get; private init; }

    public Message Message { get; private init; }

    public static AdministratorEvent Ask(AdministrationRequest request, TaskId task, object ticket) => new(AdministratorEventKind.Ask) { Request = request, Task = task, Ticket = ticket };

    /// <summary>Nobody waits for the answer any more.</summary>
    public static AdministratorEvent GiveUp(object ticket) => new(AdministratorEventKind.GiveUp) { Ticket = ticket };

    public static AdministratorEvent Led(Peer? leader, Term term) => new(AdministratorEventKind.Leader) { Leader = leader, Term = term };

    public static AdministratorEvent Of(in Message message) => new(AdministratorEventKind.Message) { Message = message };
}

/// <summary>What an administrator does.</summary>
internal enum AdministratorEffectKind : byte
{
    Send,
    Answer,
    NobodyLeads,
}

/// <summary>One effect of the <see cref="AdministratorMachine"/>. It writes nothing.</summary>
internal readonly record struct AdministratorEffect : IEffect
{
    private AdministratorEffect(AdministratorEffectKind kind) => Kind = kind;

    public AdministratorEffectKind Kind { get; }

    public bool IsWrite => false;

    public bool OnceDurable => false;

    public Peer? To { get; private init; }

    public Message Message { get; private init; }

    public object? Ticket { get; private init; }

    public AdministrationAnswer? Answered { get; private init; }

    /// <summary>Who led last.</summary>
    public NodeId? Last { get; private init; }

    public Term Term { get; private init; }

    public static AdministratorEffect Send(Peer to, in Message message) => new(AdministratorEffectKind.Send) { To = to, Message = message };

    public static AdministratorEffect Answer(object ticket, AdministrationAnswer answer) => new(AdministratorEffectKind.Answer) { Ticket = ticket, Answered = answer };

    public static AdministratorEffect NobodyLeads(object ticket, NodeId? last, Term term) => new(AdministratorEffectKind.NobodyLeads) { Ticket = ticket, Last = last, Term = term };
}
