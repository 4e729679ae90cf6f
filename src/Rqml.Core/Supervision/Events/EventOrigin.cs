namespace Rqml.Supervision.Events;

/// <summary>What an event is about. The default: the node itself.</summary>
internal readonly record struct EventOrigin
{
    public string? Class { get; private init; }

    public TaskId? Task { get; private init; }

    public Attempt? Attempt { get; private init; }

    public int Iteration { get; private init; }

    public static EventOrigin OfClass(string @class) => new() { Class = @class };

    public static EventOrigin OfTask(TaskId task, string? @class = null) => new() { Task = task, Class = @class };

    public static EventOrigin OfIteration(Attempt attempt, string @class, int iteration) => new() { Attempt = attempt, Task = attempt.Task, Class = @class, Iteration = iteration };
}
