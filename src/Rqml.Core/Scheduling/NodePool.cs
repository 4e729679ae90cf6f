using Rqml.Messaging;
using Rqml.Nodes;
using Rqml.Tasks;

namespace Rqml.Scheduling;

/// <summary>The nodes as a pool: a weighted draw in O(log n), and who was last seen to hold which task.</summary>
internal sealed class NodePool(ulong seed)
{
    private const int Draws = 8;

    private readonly Dictionary<NodeId, ScheduledNode> _nodes = [];
    private readonly Dictionary<TaskId, Holding> _held = [];
    private readonly FenwickTree _weights = new();
    private readonly List<ScheduledNode?> _slots = [];
    private readonly Stack<int> _freeSlots = new();
    private SplitMix64 _random = new(seed);

    public IReadOnlyCollection<ScheduledNode> Nodes => _nodes.Values;

    /// <summary>Whether any node would take another task.</summary>
    public bool HasRoom => _weights.Total > 0;

    public ScheduledNode? Find(NodeId node) => _nodes.GetValueOrDefault(node);

    public bool Serves(ClassKey @class) => _nodes.Values.Any(node => node.Classes.Contains(@class));

    public ScheduledNode Add(Peer peer, long nowMs)
    {
        if (_nodes.TryGetValue(peer.Node, out var known)) Remove(known);
        if (!_freeSlots.TryPop(out var slot))
        {
            slot = _weights.Add(0);
            _slots.Add(null);
        }

        var node = new ScheduledNode(peer, slot) { Standing = NodeStanding.Suspect, HeardMs = nowMs };
        _slots[slot] = node;
        _nodes[peer.Node] = node;
        return node;
    }

    public void Remove(ScheduledNode node)
    {
        _weights.Set(node.Slot, 0);
        _slots[node.Slot] = null;
        _freeSlots.Push(node.Slot);
        _nodes.Remove(node.Peer.Node);
        ForgetHeld(node, []);
    }

    public void Clear()
    {
        foreach (var node in _nodes.Values.ToArray()) Remove(node);
        _held.Clear();
    }

    /// <summary>Brings the node's place in the draw up to date.</summary>
    public void Weigh(ScheduledNode node, long nowMs)
    {
        if (_slots[node.Slot] == node) _weights.Set(node.Slot, WeightOf(node, nowMs).Value);
    }

    /// <summary>The node's weight without the affinity of any one task.</summary>
    public static NodeWeight WeightOf(ScheduledNode node, long nowMs)
    {
        var takesWork = node.Standing == NodeStanding.Active && !node.Draining && node.Limit > 0;
        var free = takesWork ? NodeWeight.FreeCapacityOf(node.Limit, 0, node.Assigned.Count, node.Load?.MemoryPressure ?? 0) : 0;
        return new NodeWeight(free, node.Reliability.Mean(nowMs), 1);
    }

    /// <summary>A node for the task, or null where none that serves its class has room.</summary>
    public ScheduledNode? Draw(TaskSpec task, long nowMs, out PlacementDecision? placement)
    {
        placement = null;
        if (_nodes.Count == 1)
        {
            var only = _nodes.Values.First();
            return Takes(only, task, nowMs) ? only : null;
        }

        if (DrawOne(task, nowMs) is not { } first) return null;
        var second = DrawOne(task, nowMs);
        if (second is null || second == first)
        {
            placement = new PlacementDecision(first.Peer.Node, WeightOf(first, nowMs), ExpectedWait(first), null, default, 0);
            return first;
        }

        var (chosen, other) = ExpectedWait(first) <= ExpectedWait(second) ? (first, second) : (second, first);
        placement = new PlacementDecision(
            chosen.Peer.Node, WeightOf(chosen, nowMs), ExpectedWait(chosen), other.Peer.Node, WeightOf(other, nowMs), ExpectedWait(other));
        return chosen;
    }

    /// <summary>Remembers that a report named the task, so that a later announcement finds it.</summary>
    public void Remember(ScheduledNode node, HeldAttempt held)
    {
        var task = held.Attempt.Task;
        if (_held.TryGetValue(task, out var known) && known.Held.Attempt.Epoch > held.Attempt.Epoch && known.Node != node) return;
        _held[task] = new Holding(node, held);
        node.Held.Add(task);
    }

    /// <summary>Forgets what the node held but for these.</summary>
    public void ForgetHeld(ScheduledNode node, HashSet<TaskId> still)
    {
        foreach (var task in node.Held)
        {
            if (!still.Contains(task) && _held.TryGetValue(task, out var known) && known.Node == node) _held.Remove(task);
        }

        node.Held.IntersectWith(still);
    }

    public Holding? HolderOf(TaskId task) => _held.TryGetValue(task, out var holding) ? holding : null;

    /// <summary>Draws by weight and refuses nodes that do not serve the class; after a few draws it looks at all.</summary>
    private ScheduledNode? DrawOne(TaskSpec task, long nowMs)
    {
        for (var draw = 0; draw < Draws && _weights.Total > 0; draw++)
        {
            var node = _slots[_weights.Draw(_random.NextDouble() * _weights.Total)];
            if (node is not null && Takes(node, task, nowMs)) return node;
        }

        return _nodes.Values.FirstOrDefault(node => Takes(node, task, nowMs));
    }

    private static bool Takes(ScheduledNode node, TaskSpec task, long nowMs) =>
        node.Classes.Contains(task.Class) && node.Assigned.Count < node.Limit && WeightOf(node, nowMs).FreeCapacity > 0;

    private static double ExpectedWait(ScheduledNode node) => node.Assigned.Count / (double)Math.Max(1, node.Load?.Lanes ?? 1);
}

/// <summary>Which node's report named a task, and what it said of it.</summary>
internal readonly record struct Holding(ScheduledNode Node, HeldAttempt Held);
