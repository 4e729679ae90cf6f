namespace Rqml.Supervision.Events;

/// <summary>Something that a node saw and that somebody may want to look at, with its evidence. One of five kinds; immutable.</summary>
public abstract record RqmlEvent
{
    private protected RqmlEvent(EventKinds kind) => Kind = kind;

    /// <summary>The one kind that it is of.</summary>
    public EventKinds Kind { get; }

    /// <summary>When it was seen, by that node's clock.</summary>
    public required DateTimeOffset At { get; init; }

    /// <summary>The node that saw it; null where the host saw it outside of its nodes.</summary>
    public NodeId? Node { get; init; }

    /// <summary>Name of the task class; null where it is about none.</summary>
    public string? Class { get; init; }

    /// <summary>The task; null where it is about none.</summary>
    public TaskId? Task { get; init; }

    /// <summary>The attempt that was running; null where none was.</summary>
    public Attempt? Attempt { get; init; }

    /// <summary>The iteration, from 1; 0 where it is about none.</summary>
    public int Iteration { get; init; }

    /// <summary>Events of the same kind and class, of whatever task, that were held back since the last one that was not, because there were too many.</summary>
    public long Suppressed { get; init; }
}
