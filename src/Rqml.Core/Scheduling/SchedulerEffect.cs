using Rqml.Cluster;
using Rqml.Hosting;
using Rqml.Messaging;

namespace Rqml.Scheduling;

/// <summary>What a scheduler does. It writes nothing of its own: its state is soft.</summary>
internal enum SchedulerEffectKind : byte
{
    Send,
    Register,
    Fence,
    StepDown,
    Recall,
    ListCopies,
    RemoveCopies,

    /// <summary>An operator is to hear of it.</summary>
    Tell,
}

/// <summary>One effect of the <see cref="SchedulerMachine"/>. Small, as each task has several: what only some kinds have shares its place.</summary>
internal readonly struct SchedulerEffect : IEffect
{
    private readonly Message _message;

    private SchedulerEffect(SchedulerEffectKind kind, Peer to, in Message message, SchedulerNews news = default)
    {
        Kind = kind;
        News = news;
        To = to;
        _message = message;
    }

    public SchedulerEffectKind Kind { get; }

    public SchedulerNews News { get; }

    /// <summary>Who gets it, or whom it is about.</summary>
    public Peer To { get; }

    public Message Message => _message;

    public Term Term => new(_message.Epoch.Generation, _message.Epoch.Term);

    public IReadOnlyList<TaskId> Tasks => _message.Body as TaskId[] ?? [];

    public bool IsWrite => false;

    public bool OnceDurable => false;

    public static SchedulerEffect Send(Peer to, in Message message) => new(SchedulerEffectKind.Send, to, message);

    public static SchedulerEffect Register(Peer node, Term term) => new(SchedulerEffectKind.Register, node, In(term));

    public static SchedulerEffect Fence(Peer node, Term term) => new(SchedulerEffectKind.Fence, node, In(term));

    public static SchedulerEffect StepDown(Peer self, Term term) => new(SchedulerEffectKind.StepDown, self, In(term));

    /// <summary>Look in the coordination store for where other nodes left these tasks.</summary>
    public static SchedulerEffect Recall(Peer self, TaskId[] tasks) => new(SchedulerEffectKind.Recall, self, new Message { Body = tasks });

    public static SchedulerEffect ListCopies(Peer self) => new(SchedulerEffectKind.ListCopies, self, default);

    /// <summary>These copies belong to tasks that nobody knows.</summary>
    public static SchedulerEffect RemoveCopies(Peer self, TaskId[] tasks, Term term) => new(SchedulerEffectKind.RemoveCopies, self, In(term) with { Body = tasks });

    /// <param name="news">What has happened.</param>
    /// <param name="about">To whom.</param>
    /// <param name="term">In which term.</param>
    /// <param name="number">What the news counts.</param>
    /// <param name="detail">What else it says.</param>
    public static SchedulerEffect Tell(SchedulerNews news, Peer about, Term term, long number, object? detail = null) =>
        new(SchedulerEffectKind.Tell, about, In(term) with { Number = number, Body = detail }, news);

    private static Message In(Term term) => new() { Epoch = new Epoch(term.Generation, term.Number, 0) };
}
