using Rqml.Messaging.Frames;

namespace Rqml.Messaging.Links;

/// <summary>Who wants which topics of which channel: said by each node of itself, newest word first. Thread-safe; read far more often than changed.</summary>
internal sealed class Subscribers
{
    private readonly Lock _lock = new();
    private volatile Entry[] _entries = [];

    /// <summary>All that a node wants, in place of what it wanted; whether anything of that was said before, or is now.</summary>
    public bool Set(Peer peer, IReadOnlyList<Subscription> subscriptions)
    {
        lock (_lock)
        {
            if (subscriptions.Count == 0 && _entries.All(entry => entry.Peer.Node != peer.Node)) return false;
            _entries = [.. _entries.Where(entry => entry.Peer.Node != peer.Node), .. subscriptions.Where(wanted => wanted.Topics != 0).Select(wanted => new Entry(peer, wanted.Channel, wanted.Topics))];
            return true;
        }
    }

    /// <summary>What a node wants of one channel, in place of what it wanted of it.</summary>
    public void Change(Peer peer, Subscription wanted)
    {
        lock (_lock)
        {
            var others = _entries.Where(entry => entry.Peer.Node != peer.Node || entry.Channel != wanted.Channel);
            _entries = wanted.Topics == 0 ? [.. others] : [.. others, new Entry(peer, wanted.Channel, wanted.Topics)];
        }
    }

    /// <summary>That start of the node is gone; what a later one wants stays. Whether it wanted anything.</summary>
    public bool Remove(NodeId node, Incarnation incarnation)
    {
        lock (_lock)
        {
            Entry[] left = [.. _entries.Where(entry => entry.Peer.Node != node || entry.Peer.Incarnation != incarnation)];
            if (left.Length == _entries.Length) return false;
            _entries = left;
            return true;
        }
    }

    /// <summary>The topics of a channel that anybody wants.</summary>
    public ulong Wanted(FabricChannel channel)
    {
        ulong topics = 0;
        foreach (var entry in _entries)
        {
            if (entry.Channel == channel) topics |= entry.Topics;
        }

        return topics;
    }

    /// <summary>Whoever wants at least one of these topics.</summary>
    public IEnumerable<Peer> Wanting(FabricChannel channel, ulong topics)
    {
        foreach (var entry in _entries)
        {
            if (entry.Channel == channel && (entry.Topics & topics) != 0) yield return entry.Peer;
        }
    }

    private sealed record Entry(Peer Peer, FabricChannel Channel, ulong Topics);
}
