using Rqml.Messaging;

namespace Rqml.Scheduling;

/// <summary>The tasks of one node that was fenced, until each of them is at a node again or settled: so that an operator hears where they went, once.</summary>
internal sealed class HandOver(Peer from, int tasks, long beganMs)
{
    private readonly Dictionary<NodeId, int> _taken = [];
    private int _settled;
    private int _waiting = tasks;

    public Peer From { get; } = from;

    public long BeganMs { get; } = beganMs;

    /// <summary>A node has one of them; true with the last.</summary>
    public bool Take(NodeId node)
    {
        _taken[node] = _taken.GetValueOrDefault(node) + 1;
        return --_waiting == 0;
    }

    /// <summary>One of them was settled before a node had it; true with the last.</summary>
    public bool Settle()
    {
        _settled++;
        return --_waiting == 0;
    }

    /// <summary>How many went where, in words.</summary>
    public override string ToString()
    {
        var parts = _taken.OrderBy(node => node.Key.Value, StringComparer.Ordinal).Select(node => $"{node.Value} at {node.Key}").ToList();
        if (_settled > 0) parts.Add($"{_settled} settled meanwhile");
        return string.Join(", ", parts);
    }
}
