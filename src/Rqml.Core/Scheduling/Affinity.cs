namespace Rqml.Scheduling;

/// <summary>How much of what a task wants is at a node already, in (0, 1]: the part of a node's weight that differs from task to task.</summary>
/// <remarks>
/// Two things count: a payload that has to be carried there (one of 1 MiB halves the factor; at the node of its ledger nothing is carried), and whether the
/// last task of the same partition key ran there, whose model may still have its data at hand.
/// </remarks>
internal sealed class Affinity
{
    private const double HalvingBytes = 1 << 20;
    private const double OtherNodeThanKeys = 0.25;
    private const int RememberedKeys = 65_536;

    private readonly Dictionary<string, NodeId> _homes = new(StringComparer.Ordinal);
    private readonly Queue<string> _oldest = new();

    /// <summary>Tasks of this key were last given to this node.</summary>
    public void KeyRanAt(string partitionKey, NodeId node)
    {
        if (!_homes.ContainsKey(partitionKey))
        {
            if (_oldest.Count == RememberedKeys) _homes.Remove(_oldest.Dequeue());
            _oldest.Enqueue(partitionKey);
        }

        _homes[partitionKey] = node;
    }

    public double Of(ScheduledNode node, ScheduledTask task)
    {
        var carried = task.Ledger.Node == node.Peer.Node ? 1 : HalvingBytes / (HalvingBytes + task.Spec.Payload.Length);
        var isElsewhere = task.Spec.PartitionKey is { } key && _homes.TryGetValue(key, out var home) && home != node.Peer.Node;
        return isElsewhere ? carried * OtherNodeThanKeys : carried;
    }
}
