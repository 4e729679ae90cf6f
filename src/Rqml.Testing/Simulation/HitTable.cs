using System.Text;

namespace Rqml.Testing.Simulation;

/// <summary>How often each fault met each state of whatever it struck: a simulation that never got to a cell has shown nothing about it.</summary>
/// <param name="isPossible">Whether the two can meet at all.</param>
internal abstract class HitTable<TFault, TState>(Func<TFault, TState, bool> isPossible)
    where TFault : struct, Enum
    where TState : struct, Enum
{
    private static readonly TFault[] Faults = Enum.GetValues<TFault>();
    private static readonly TState[] States = Enum.GetValues<TState>();

    private readonly Dictionary<(TFault, TState), long> _cells = [];

    public void Hit(TFault fault, TState state) => Add(fault, state, 1);

    public void Add(HitTable<TFault, TState> other)
    {
        foreach (var ((fault, state), hits) in other._cells) Add(fault, state, hits);
    }

    /// <summary>Cells that were hit less often.</summary>
    public IReadOnlyList<string> Below(long least) =>
    [
        .. from fault in Faults
           from state in States
           where isPossible(fault, state) && Hits(fault, state) < least
           select $"{fault} × {state}: {Hits(fault, state)}",
    ];

    public override string ToString()
    {
        var width = Faults.Max(fault => fault.ToString().Length);
        var text = new StringBuilder("fault × state".PadRight(width));
        foreach (var state in States) text.Append($"{state,12}");
        text.AppendLine();
        foreach (var fault in Faults)
        {
            text.Append(fault.ToString().PadRight(width));
            foreach (var state in States) text.Append($"{(isPossible(fault, state) ? Hits(fault, state) : "-"),12}");
            text.AppendLine();
        }

        return text.ToString();
    }

    private void Add(TFault fault, TState state, long hits) => _cells[(fault, state)] = Hits(fault, state) + hits;

    private long Hits(TFault fault, TState state) => _cells.GetValueOrDefault((fault, state));
}
