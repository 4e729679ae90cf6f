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

    byte[] ToBytes();

    /// <summary>Holds what the application was told of its task against what may be.</summary>
    void Check(Judge judge, TaskId id, Settlement settlement);
}
