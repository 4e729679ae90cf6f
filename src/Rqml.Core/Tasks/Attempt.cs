namespace Rqml;

/// <summary>One assignment of a task to a node: the fencing token for what a model writes outside of Rqml.</summary>
public readonly record struct Attempt(TaskId Task, Epoch Epoch)
{
    /// <summary>Task id, at sign, epoch.</summary>
    public override string ToString() => $"{Task}@{Epoch}";
}
