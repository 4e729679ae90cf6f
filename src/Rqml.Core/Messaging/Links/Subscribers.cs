using Rqml.Messaging.Frames;

namespace Rqml.Messaging.Links;

/// <summary>Who wants which topics of which channel, as each stream says of its sender. Thread-safe; read far more often than changed.</summary>
internal sealed class Subscribers
{
    private readonly Lock _lock = new();
    private volatile State _state = new([]);

    /// <summary>All that is wanted over a stream, in place of what was. Whether anything changes.</summary>
    public bool Set(StreamKey stream, Peer peer, IReadOnlyList<Subscription> subscriptions) => Replace(
        entry => entry.Stream == stream,
        subscriptions.Where(wanted => wanted.Topics != 0).Select(wanted => new Entry(stream, peer, wanted.Channel, wanted.Topics)));

    /// <summary>What is wanted of one channel over a stream, in place of what was.</summary>
    public bool Change(StreamKey stream, Peer peer, Subscription wanted) => Replace(
        entry => entry.Stream == stream && entry.Channel == wanted.Channel,
        wanted.Topics == 0 ? [] : [new Entry(stream, peer, wanted.Channel, wanted.Topics)]);

    /// <summary>The stream is over; what the node wants over others stays.</summary>
    public bool Remove(StreamKey stream) => Replace(entry => entry.Stream == stream, []);

    /// <summary>That start of the node is gone; what another one wants stays.</summary>
    public bool Remove(NodeId node, Incarnation incarnation) => Replace(entry => entry.Stream.Node == node && entry.Stream.Incarnation == incarnation, []);

    /// <summary>The topics of a channel that anybody wants.</summary>
    public ulong Wanted(FabricChannel channel) => _state.Topics[(int)channel];

    /// <summary>Each node that wants anything of a channel, by the start of it that spoke last. Hot: nothing is made.</summary>
    public ReadOnlySpan<Subscriber> Of(FabricChannel channel) => _state.Channels[(int)channel];

    private bool Replace(Func<Entry, bool> goes, IEnumerable<Entry> come)
    {
        lock (_lock)
        {
            Entry[] entries = [.. _state.Entries.Where(entry => !goes(entry)), .. come];
            if (entries.SequenceEqual(_state.Entries)) return false;
            _state = new State(entries);
            return true;
        }
    }

    private sealed record Entry(StreamKey Stream, Peer Peer, FabricChannel Channel, ulong Topics);

    /// <summary>What is known at one moment, swapped whole.</summary>
    private sealed class State
    {
        /// <param name="entries">In the order in which they were said.</param>
        public State(Entry[] entries)
        {
            Entries = entries;
            Channels = [[], .. ChannelPromise.All.Select(promise => Of(promise.Channel))];
            Topics = [.. Channels.Select(wanting => wanting.Aggregate(0UL, (topics, one) => topics | one.Topics))];
        }

        public Entry[] Entries { get; }

        public Subscriber[][] Channels { get; }

        public ulong[] Topics { get; }

        private Subscriber[] Of(FabricChannel channel) =>
            [.. Entries.Where(entry => entry.Channel == channel).GroupBy(entry => entry.Stream.Node).Select(node => new Subscriber(node.Last().Peer, node.Where(entry => entry.Stream.Incarnation == node.Last().Stream.Incarnation).Aggregate(0UL, (topics, entry) => topics | entry.Topics)))];
    }
}

/// <summary>A node, and which topics of a channel it wants.</summary>
internal readonly record struct Subscriber(Peer Peer, ulong Topics);
