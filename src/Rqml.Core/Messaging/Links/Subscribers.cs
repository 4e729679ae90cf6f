using Rqml.Messaging.Frames;

namespace Rqml.Messaging.Links;

/// <summary>Who wants which topics of which channel, as each stream says of its sender. Thread-safe; read far more often than changed.</summary>
internal sealed class Subscribers
{
    private readonly Lock _lock = new();
    private volatile Entry[] _entries = [];

    /// <summary>All that is wanted over a stream, in place of what was; what an earlier start of the node wanted goes. Whether anything changes.</summary>
    public bool Set(StreamKey stream, Peer peer, IReadOnlyList<Subscription> subscriptions) => Replace(
        entry => entry.Stream == stream || (entry.Stream.Node == stream.Node && entry.Stream.Incarnation != stream.Incarnation),
        subscriptions.Where(wanted => wanted.Topics != 0).Select(wanted => new Entry(stream, peer, wanted.Channel, wanted.Topics)));

    /// <summary>What is wanted of one channel over a stream, in place of what was.</summary>
    public bool Change(StreamKey stream, Peer peer, Subscription wanted) => Replace(
        entry => entry.Stream == stream && entry.Channel == wanted.Channel,
        wanted.Topics == 0 ? [] : [new Entry(stream, peer, wanted.Channel, wanted.Topics)]);

    /// <summary>The stream is over; what the node wants over others stays.</summary>
    public bool Remove(StreamKey stream) => Replace(entry => entry.Stream == stream, []);

    /// <summary>That start of the node is gone; what a later one wants stays.</summary>
    public bool Remove(NodeId node, Incarnation incarnation) => Replace(entry => entry.Stream.Node == node && entry.Stream.Incarnation == incarnation, []);

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
    public IEnumerable<Peer> Wanting(FabricChannel channel, ulong topics) =>
        _entries.Where(entry => entry.Channel == channel && (entry.Topics & topics) != 0).Select(entry => entry.Peer).DistinctBy(peer => peer.Node);

    private bool Replace(Func<Entry, bool> goes, IEnumerable<Entry> come)
    {
        lock (_lock)
        {
            Entry[] entries = [.. _entries.Where(entry => !goes(entry)), .. come];
            if (entries.SequenceEqual(_entries)) return false;
            _entries = entries;
            return true;
        }
    }

    private sealed record Entry(StreamKey Stream, Peer Peer, FabricChannel Channel, ulong Topics);
}
