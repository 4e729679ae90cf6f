using System.Text;

namespace Rqml.Testing.Simulation.Links;

/// <summary>How often each fault struck, and what links had to do about it: a simulation that never got there has shown nothing.</summary>
internal sealed class LinkCoverage
{
    private readonly long[] _faults = new long[Enum.GetValues<LinkFaultKind>().Length];
    private long _heldFaults;

    public long Replayed { get; private set; }

    public long Arrived { get; private set; }

    public long HandedBack { get; private set; }

    public void Hit(LinkFaultKind fault, LinkMachineNode node)
    {
        _faults[(int)fault]++;
        if (node.HasHeld) _heldFaults++;
    }

    public void Ended(SimulatedNetwork network, LinkJudge judge, IEnumerable<LinkMachineNode> nodes)
    {
        _faults[(int)LinkFaultKind.Loss] += network.Lost;
        _faults[(int)LinkFaultKind.Duplicate] += network.Doubled;
        _faults[(int)LinkFaultKind.Reorder] += network.Swapped;
        Replayed += nodes.Sum(node => node.Links?.Replayed() ?? 0);
        Arrived += judge.Arrived;
        HandedBack += judge.Returned;
    }

    public void Add(LinkCoverage other)
    {
        for (var fault = 0; fault < _faults.Length; fault++) _faults[fault] += other._faults[fault];
        _heldFaults += other._heldFaults;
        Replayed += other.Replayed;
        Arrived += other.Arrived;
        HandedBack += other.HandedBack;
    }

    /// <summary>What came up less often.</summary>
    public IReadOnlyList<string> Below(long least) =>
    [
        .. Enum.GetValues<LinkFaultKind>().Where(fault => _faults[(int)fault] < least).Select(fault => $"{fault}: {_faults[(int)fault]}"),
        .. new (string What, long Count)[] { ("frames replayed", Replayed), ("messages arrived", Arrived), ("messages handed back", HandedBack), ("faults at a receiver that held messages", _heldFaults) }
            .Where(counted => counted.Count < least).Select(counted => $"{counted.What}: {counted.Count}"),
    ];

    public override string ToString()
    {
        var text = new StringBuilder("links: ");
        foreach (var fault in Enum.GetValues<LinkFaultKind>()) text.Append($"{fault} {_faults[(int)fault]}, ");
        return text.Append($"{_heldFaults} of them at a receiver that held messages; frames replayed {Replayed}, messages arrived {Arrived}, handed back {HandedBack}").ToString();
    }
}
