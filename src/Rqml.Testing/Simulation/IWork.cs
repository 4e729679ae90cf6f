using Rqml.Ledgers;

namespace Rqml.Testing.Simulation;

/// <summary>One thing that the application wants done: what it submits, and what may come of it.</summary>
internal interface IWork
{
    /// <summary>Unique in a run.</summary>
    int Number { get; }

    ClassKey Class { get; }

    /// <summary>Source of the task's randomness.</summary>
    ulong Seed { get; }

    TaskBudget Budget { get; }

    /// <summary>How long after its submission it may be settled; null: at any time.</summary>
    TimeSpan? Deadline { get; }

    /// <summary>At most one open work of a key is with a node; null: no key.</summary>
    string? PartitionKey => Number % 5 == 0 ? $"key-{Number % 10}" : null;

    byte[] ToBytes();

    /// <summary>Holds what the application was told of its task against what may be.</summary>
    void Check(Judge judge, TaskId id, Settlement settlement);
}
