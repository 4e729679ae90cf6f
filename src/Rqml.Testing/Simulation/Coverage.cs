using System.Text;

namespace Rqml.Testing.Simulation;

/// <summary>How often each fault struck while the system was in each state: a simulation that never hit a cell has shown nothing about it.</summary>
internal sealed class Coverage
{
    private readonly SortedDictionary<(string Fault, string State), long> _cells = [];

    public void Hit(string fault, string state) => _cells[(fault, state)] = _cells.GetValueOrDefault((fault, state)) + 1;

    public void Add(Coverage other)
    {
        foreach (var (cell, count) in other._cells) _cells[cell] = _cells.GetValueOrDefault(cell) + count;
    }

    /// <summary>Cells of the full table that were hit less often.</summary>
    public IReadOnlyList<string> Below(long least) =>
        [.. from fault in Faults from state in States let count = _cells.GetValueOrDefault((fault, state)) where count < least select $"{fault} × {state}: {count}"];

    public override string ToString()
    {
        var text = new StringBuilder();
        text.Append($"{"fault",-18}");
        foreach (var state in States) text.Append($"{state,14}");
        text.AppendLine();
        foreach (var fault in Faults)
        {
            text.Append($"{fault,-18}");
            foreach (var state in States) text.Append($"{_cells.GetValueOrDefault((fault, state)),14}");
            text.AppendLine();
        }

        return text.ToString();
    }

    private IEnumerable<string> Faults => _cells.Keys.Select(cell => cell.Fault).Distinct();

    private IEnumerable<string> States => _cells.Keys.Select(cell => cell.State).Distinct();
}
