using Rqml.Messaging;
using Rqml.Nodes;
using Rqml.Tasks;

namespace Rqml.Scheduling;

/// <summary>The nodes as a pool: a weighted draw in O(log n), and who was last seen to hold which task.</summary>
internal sealed class NodePool(ulong seed)
{
    private const int Draws = 8;
    private const int RememberedNodes = 4_096;

    private readonly Dictionary<NodeId, ScheduledNode> _nodes = [];
    private readonly Dictionary<NodeId, Reliability> _departed = [];
    private readonly Dictionary<ClassKey, int> _servers = [];
    private readonly Dictionary<TaskId, Holding> _held = [];
    private readonly FenwickTree _weights = new();
    private readonly List<ScheduledNode?> _slots = [];
    private readonly Stack<int> _freeSlots = new();
    private readonly Affinity _affinity = new();
    private SplitMix64 _random = new(seed);

    public IReadOnlyCollection<ScheduledNode> Nodes => _nodes.Values;

    /// <summary>Whether any node would take another task.</summary>
    public bool HasRoom => _weights.Total > 0;

    public ScheduledNode? Find(NodeId node) => _nodes.GetValueOrDefault(node);

    /// <summary>Whether any node says that it runs tasks of that class.</summary>
    public bool Serves(ClassKey @class) => _servers.ContainsKey(@class);

    /// <summary>Adds a start of a node; what was learnt of an earlier one's reliability stays.</summary>
    public ScheduledNode Add(Peer peer, long nowMs)
    {
        if (_nodes.TryGetValue(peer.Node, out var known)) Remove(known);
        if (!_freeSlots.TryPop(out var slot))
        {
            slot = _weights.Add(0);
            _slots.Add(null);
        }

        _departed.Remove(peer.Node, out var reliability);
        var node = new ScheduledNode(peer, slot) { Standing = NodeStanding.Suspect, HeardMs = nowMs, Reliability = reliability };
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
        SetClasses(node, []);
        ForgetHeld(node, []);
        if (_departed.Count >= RememberedNodes) _departed.Clear();      // names that never come back: the prior will do
        _departed[node.Peer.Node] = node.Reliability;
    }

    /// <summary>What the node says that it runs.</summary>
    public void SetClasses(ScheduledNode node, IReadOnlyList<ClassKey> classes)
    {
        if (node.Classes.SetEquals(classes)) return;
        foreach (var left in node.Classes)
        {
            if (--_servers[left] == 0) _servers.Remove(left);
        }

        node.Classes = [.. classes];
        foreach (var served in node.Classes) _servers[served] = _servers.GetValueOrDefault(served) + 1;
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
    public ScheduledNode? Draw(ScheduledTask task, long nowMs, out PlacementDecision? placement)
    {
        placement = null;
        if (_nodes.Count == 1)
        {
            var only = _nodes.Values.First();
            return Takes(only, task.Spec, nowMs) ? only : null;
        }

        if (DrawOne(task, nowMs) is not { } first) return null;
        var second = DrawOne(task, nowMs);
        if (second is null || second == first)
        {
            placement = new PlacementDecision(first.Peer.Node, WeightFor(first, task, nowMs), ExpectedWait(first), null, default, 0);
            return first;
        }

        var (chosen, other) = ExpectedWait(first) <= ExpectedWait(second) ? (first, second) : (second, first);
        placement = new PlacementDecision(
            chosen.Peer.Node, WeightFor(chosen, task, nowMs), ExpectedWait(chosen), other.Peer.Node, WeightFor(other, task, nowMs), ExpectedWait(other));
        return chosen;
    }

    /// <summary>Remembers where tasks of a key ran last.</summary>
    public void KeyRanAt(string partitionKey, NodeId node) => _affinity.KeyRanAt(partitionKey, node);

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

    /// <summary>The node says that it does not hold the task, or gives it back.</summary>
    public void Forget(ScheduledNode node, TaskId task)
    {
        if (_held.TryGetValue(task, out var known) && known.Node == node) _held.Remove(task);
        node.Held.Remove(task);
    }

    public Holding? HolderOf(TaskId task) => _held.TryGetValue(task, out var holding) ? holding : null;

    /// <summary>
    /// Draws by the weight that a node has for every task, and takes it with the probability of its affinity to this one: together a draw by the product
    /// (von Neumann's rejection sampling, 1951), with one tree for all tasks. After a few draws whoever serves the class and has room will do.
    /// </summary>
    private ScheduledNode? DrawOne(ScheduledTask task, long nowMs)
    {
        ScheduledNode? fitting = null;
        for (var draw = 0; draw < Draws && _weights.Total > 0; draw++)
        {
            var node = _slots[_weights.Draw(_random.NextDouble() * _weights.Total)];
            if (node is null || !Takes(node, task.Spec, nowMs)) continue;
            fitting = node;
            if (_random.NextDouble() < _affinity.Of(node, task)) return node;
        }

        return fitting ?? _nodes.Values.FirstOrDefault(node => Takes(node, task.Spec, nowMs));
    }

    private NodeWeight WeightFor(ScheduledNode node, ScheduledTask task, long nowMs)
    {
        var weight = WeightOf(node, nowMs);
        return new NodeWeight(weight.FreeCapacity, weight.Reliability, _affinity.Of(node, task));
    }

    private static bool Takes(ScheduledNode node, TaskSpec task, long nowMs) =>
        node.Classes.Contains(task.Class) && node.Assigned.Count < node.Limit && WeightOf(node, nowMs).FreeCapacity > 0;

    private static double ExpectedWait(ScheduledNode node) => node.Assigned.Count / (double)Math.Max(1, node.Load?.Lanes ?? 1);
}

/// <summary>Which node's report named a task, and what it said of it.</summary>
internal readonly record struct Holding(ScheduledNode Node, HeldAttempt Held);
