namespace Rqml.Testing.Simulation;

/// <summary>What struck a machine.</summary>
internal enum Fault
{
    Kill,
    LostWrite,
    Stop,
    Pause,
    Partition,
    FullDisk,
    LostCommits,
    Damage,
    Drop,
    Duplicate,
    Delay,
    StoreDown,
    StoreCut,
    LostAnswer,
    StoreRestored,

    /// <summary>The coordination store, and whoever could lead, for long.</summary>
    Blackout,

    /// <summary>An operator has asked that it take nothing new.</summary>
    Drain,
}

/// <summary>What the machine was about when it was struck.</summary>
internal enum StruckState
{
    Idle,
    Waiting,
    Running,
    Outbound,
    Striking,
    Ledger,
    Scheduling,
}

/// <summary>
/// What struck machines, and what they were about. Impossible, and so left out: lost commits of ledgers and schedulers, as level Local does not survive the loss of their disk;
/// lost writes of schedulers, which write nothing but their term and their nodes; and damage where nobody holds a checkpoint.
/// </summary>
internal sealed class Coverage() : HitTable<Fault, StruckState>(IsPossible)
{
    private static bool IsPossible(Fault fault, StruckState state) => (fault, state) is not ((Fault.LostCommits, StruckState.Ledger or StruckState.Scheduling) or (Fault.LostWrite, StruckState.Scheduling) or (Fault.Damage, StruckState.Idle or StruckState.Scheduling));
}
