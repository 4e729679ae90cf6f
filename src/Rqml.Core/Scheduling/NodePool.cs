using System.Text;
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
    private readonly Dictionary<NodeId, Departed> _departed = [];
    private readonly Dictionary<string, NodeGroup> _groups = new(StringComparer.Ordinal);      // few: nodes of a cluster run mostly the same
    private readonly Dictionary<ClassKey, List<NodeGroup>> _servers = [];
    private readonly Dictionary<TaskId, Holding> _held = [];
    private readonly Affinity _affinity = new();
    private SplitMix64 _random = new(seed);

    public IReadOnlyCollection<ScheduledNode> Nodes => _nodes.Values;

    /// <summary>Whether any node would take another task.</summary>
    public bool HasRoom
    {
        get
        {
            foreach (var group in _groups.Values)
            {
                if (group.Weight > 0) return true;
            }

            return false;
        }
    }

    public ScheduledNode? Find(NodeId node) => _nodes.GetValueOrDefault(node);

    /// <summary>That start of the node, as far as it is known.</summary>
    public ScheduledNode? Find(Peer peer) => Find(peer.Node) is { } node && node.Peer.Incarnation == peer.Incarnation ? node : null;

    /// <summary>Whether any node says that it runs tasks of that class.</summary>
    public bool Serves(ClassKey @class) => _servers.ContainsKey(@class);

    /// <summary>Adds a start of a node; what was learnt of an earlier one's reliability stays.</summary>
    public ScheduledNode Add(Peer peer, long nowMs)
    {
        if (_nodes.TryGetValue(peer.Node, out var known)) Remove(known);
        _departed.Remove(peer.Node, out var before);
        var node = new ScheduledNode(peer) { Standing = NodeStanding.Suspect, HeardMs = nowMs, Reliability = before.Reliability, Before = before.Incarnation };
        _nodes[peer.Node] = node;
        return node;
    }

    public void Remove(ScheduledNode node)
    {
        _nodes.Remove(node.Peer.Node);
        Leave(node);
        ForgetHeld(node, []);
        if (_departed.Count >= RememberedNodes) _departed.Clear();      // names that never come back: the prior will do
        _departed[node.Peer.Node] = new Departed(node.Reliability, node.Peer.Incarnation);
    }

    /// <summary>What the node says that it runs.</summary>
    public void SetClasses(ScheduledNode node, IReadOnlyList<ClassKey> classes)
    {
        if (node.Classes.SetEquals(classes)) return;
        Leave(node);
        node.Classes = [.. classes];
        if (classes.Count > 0) GroupOf([.. classes.OrderBy(@class => @class.Name, StringComparer.Ordinal).ThenBy(@class => @class.Version)]).Add(node);
    }

    /// <summary>Who is there, who holds what, and who was given what; without what was learnt or drawn.</summary>
    public string Describe()
    {
        var text = new StringBuilder();
        foreach (var node in _nodes.Values.OrderBy(node => node.Peer.Node.Value, StringComparer.Ordinal))
        {
            text.Append($"{node.Peer} {node.Standing} {node.Earlier} {node.Reported} {node.Draining} {node.Limit} {node.Classes.Count} given ").AppendJoin(',', node.Assigned.Order()).Append(" holds ").AppendJoin(',', node.Held.Order()).Append(';');
        }

        foreach (var (task, holding) in _held.OrderBy(holding => holding.Key)) text.Append($"{task} at {holding.Node.Peer} {holding.Held.Attempt.Epoch} {holding.Held.AwaitsAdoption} {holding.Held.Iteration};");
        return text.ToString();
    }

    public void Clear()
    {
        foreach (var node in _nodes.Values.ToArray()) Remove(node);
        _held.Clear();
    }

    /// <summary>Brings the node's place in the draw up to date.</summary>
    public static void Weigh(ScheduledNode node, long nowMs)
    {
        node.Group?.Weigh(node, WeightOf(node, nowMs).Value);
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
            foreach (var only in _nodes.Values) return Takes(only, task.Spec, nowMs) ? only : null;
        }

        if (DrawOne(task) is not { } first) return null;
        var second = DrawOne(task);
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
    /// (von Neumann's rejection sampling, 1951), with one tree for all tasks of a class. After a few draws whoever came last will do.
    /// </summary>
    private ScheduledNode? DrawOne(ScheduledTask task)
    {
        if (!_servers.TryGetValue(task.Spec.Class, out var groups)) return null;
        ScheduledNode? drawn = null;
        for (var draw = 0; draw < Draws; draw++)
        {
            drawn = DrawFrom(groups);
            if (drawn is null || _random.NextDouble() < _affinity.Of(drawn, task)) return drawn;
        }

        return drawn;
    }

    private ScheduledNode? DrawFrom(List<NodeGroup> groups)
    {
        var total = 0.0;
        foreach (var group in groups) total += group.Weight;
        if (total <= 0) return null;
        var u = _random.NextDouble() * total;
        var last = groups[0];
        foreach (var group in groups)
        {
            if (group.Weight <= 0) continue;
            last = group;
            if (u < group.Weight) break;
            u -= group.Weight;
        }

        return last.Draw(Math.Max(0, u));
    }

    private NodeGroup GroupOf(ClassKey[] classes)
    {
        var name = string.Join('\n', classes);
        if (_groups.TryGetValue(name, out var known)) return known;
        var group = _groups[name] = new NodeGroup(classes);
        foreach (var @class in classes)
        {
            if (!_servers.TryGetValue(@class, out var groups)) _servers[@class] = groups = [];
            groups.Add(group);
        }

        return group;
    }

    private void Leave(ScheduledNode node)
    {
        if (node.Group is not { } group) return;
        group.Remove(node);
        if (group.Count > 0) return;
        _groups.Remove(string.Join('\n', group.Classes));
        foreach (var @class in group.Classes)
        {
            var groups = _servers[@class];
            groups.Remove(group);
            if (groups.Count == 0) _servers.Remove(@class);
        }
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

/// <summary>What is remembered of a node that has left.</summary>
internal readonly record struct Departed(Reliability Reliability, Incarnation Incarnation);

/// <summary>Which node's report named a task, and what it said of it.</summary>
internal readonly record struct Holding(ScheduledNode Node, HeldAttempt Held);
