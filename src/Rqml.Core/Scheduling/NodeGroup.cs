namespace Rqml.Scheduling;

/// <summary>The nodes that run the same task classes: drawn from by weight in O(log n), and each of them will do for each of the classes.</summary>
internal sealed class NodeGroup(IReadOnlyList<ClassKey> classes)
{
    private readonly FenwickTree _weights = new();
    private readonly List<ScheduledNode?> _slots = [];
    private readonly Stack<int> _freeSlots = new();

    public IReadOnlyList<ClassKey> Classes { get; } = classes;

    public int Count => _slots.Count - _freeSlots.Count;

    /// <summary>The sum of its nodes' weights; zero: none of them takes anything now.</summary>
    public double Weight => _weights.Total;

    public void Add(ScheduledNode node)
    {
        if (!_freeSlots.TryPop(out var slot))
        {
            slot = _weights.Add(0);
            _slots.Add(null);
        }

        _slots[slot] = node;
        (node.Group, node.Slot) = (this, slot);
    }

    public void Remove(ScheduledNode node)
    {
        _weights.Set(node.Slot, 0);
        _slots[node.Slot] = null;
        _freeSlots.Push(node.Slot);
        node.Group = null;
    }

    public void Weigh(ScheduledNode node, double weight) => _weights.Set(node.Slot, weight);

    /// <summary>The node at the point <paramref name="u"/> of the group's weight, from 0 to below it.</summary>
    public ScheduledNode Draw(double u) => _slots[_weights.Draw(Math.Min(u, Math.BitDecrement(_weights.Total)))]!;
}
