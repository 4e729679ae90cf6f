namespace Rqml.Supervision.Events;

/// <summary>Which events a subscription is about: those for which all that is set here holds.</summary>
public sealed record EventFilter
{
    internal static EventFilter Everything { get; } = new();

    /// <summary>The kinds.</summary>
    /// <value>Default <see cref="EventKinds.All"/>.</value>
    public EventKinds Kinds { get; init; } = EventKinds.All;

    /// <summary>Name of a task class.</summary>
    /// <value>Default null: all, and what is about no class.</value>
    public string? Class { get; init; }

    /// <summary>A task.</summary>
    /// <value>Default null: all, and what is about no task.</value>
    public TaskId? Task { get; init; }

    internal bool Wants(RqmlEvent @event) =>
        (Kinds & @event.Kind) != 0 && (Class is null || @event.Class == Class) && (Task is null || @event.Task == Task);

    /// <exception cref="ArgumentException">It asks for no kind, or for one that there is not.</exception>
    internal void Validate()
    {
        if (Kinds == EventKinds.None || (Kinds & ~EventKinds.All) != 0) throw new ArgumentException($"{nameof(EventFilter)}.{nameof(Kinds)} is '{Kinds}'; it takes one or more kinds of events.");
    }
}
