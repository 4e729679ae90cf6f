namespace Rqml.Administration;

/// <summary>Tasks that wait for something which does not come by itself. Immutable.</summary>
/// <param name="Total">How many there are.</param>
/// <param name="Tasks">The oldest of them, 1,000 at most.</param>
public sealed record ParkedTasks(int Total, IReadOnlyList<ParkedTask> Tasks)
{
    /// <summary>Most that one answer names.</summary>
    internal const int MostNamed = 1_000;
}

/// <summary>One of them. Immutable.</summary>
/// <param name="Task">The task.</param>
/// <param name="Class">Its class and version.</param>
/// <param name="Why">What it waits for.</param>
/// <param name="Waiting">For how long this leader has known it.</param>
/// <param name="Node">Where it is; null where it is at no node.</param>
public sealed record ParkedTask(TaskId Task, ClassVersion Class, ParkedFor Why, TimeSpan Waiting, NodeId? Node);

/// <summary>What a parked task waits for.</summary>
public enum ParkedFor
{
    /// <summary>No node of the cluster runs this version of its class: start one that does, or fail the task.</summary>
    ServingNode = 1,

    /// <summary>
    /// Nodes have died three times while they held it at one iteration: it runs only where nothing else does. <see cref="IRqmlAdministration.ReleaseAsync"/> clears it,
    /// <see cref="IRqmlAdministration.FailAsync"/> ends it.
    /// </summary>
    NodeToItself = 2,
}
