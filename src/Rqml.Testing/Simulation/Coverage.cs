using System.Text;

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

/// <summary>How often each fault struck a machine in each state: a simulation that never hit a cell has shown nothing about it.</summary>
internal sealed class Coverage
{
    private readonly long[,] _cells = new long[Enum.GetValues<Fault>().Length, Enum.GetValues<StruckState>().Length];

    public void Hit(Fault fault, StruckState state) => _cells[(int)fault, (int)state]++;

    public void Add(Coverage other)
    {
        foreach (var fault in Enum.GetValues<Fault>())
        {
            foreach (var state in Enum.GetValues<StruckState>()) _cells[(int)fault, (int)state] += other._cells[(int)fault, (int)state];
        }
    }

    /// <summary>
    /// Cells that were hit less often. Left out: lost commits of ledgers and schedulers, as level Local does not survive the loss of their disk; lost
    /// writes of schedulers, which write nothing but their term and their nodes; and damage where nobody holds a checkpoint.
    /// </summary>
    public IReadOnlyList<string> Below(long least) =>
    [
        .. from fault in Enum.GetValues<Fault>()
           from state in Enum.GetValues<StruckState>()
           where IsPossible(fault, state) && _cells[(int)fault, (int)state] < least
           select $"{fault} × {state}: {_cells[(int)fault, (int)state]}",
    ];

    public override string ToString()
    {
        var text = new StringBuilder($"{"fault × state",-14}");
        foreach (var state in Enum.GetValues<StruckState>()) text.Append($"{state,12}");
        text.AppendLine();
        foreach (var fault in Enum.GetValues<Fault>())
        {
            text.Append($"{fault,-14}");
            foreach (var state in Enum.GetValues<StruckState>()) text.Append($"{(IsPossible(fault, state) ? _cells[(int)fault, (int)state] : "-"),12}");
            text.AppendLine();
        }

        return text.ToString();
    }

    private static bool IsPossible(Fault fault, StruckState state) => (fault, state) is not ((Fault.LostCommits, StruckState.Ledger or StruckState.Scheduling) or (Fault.LostWrite, StruckState.Scheduling) or (Fault.Damage, StruckState.Idle or StruckState.Scheduling));
}
