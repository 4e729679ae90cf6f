using Rqml.Messaging.Frames;

namespace Rqml.Messaging.Links;

/// <summary>What a node knows of one stream of frames that another start sends it: where each channel stopped, over however many links. Only the link in use changes it.</summary>
internal sealed class IncomingStreams
{
    private const int MostTopics = 2 * LatestFrames.MostTopics;      // of the two such channels

    private readonly Dictionary<(FabricChannel, ulong), ulong> _newest = [];
    private readonly IncomingStream?[] _streams = new IncomingStream?[ChannelPromise.All.Count + 1];

    public IncomingStreams(LinkSettings settings, StreamKey key)
    {
        Key = key;
        foreach (var promise in ChannelPromise.All)
        {
            if (promise.Delivery == Delivery.AtLeastOnce) _streams[(int)promise.Channel] = settings.Receive(promise.Channel, settings.WindowOf(promise.Channel));
        }
    }

    /// <summary>Whether a frame of a channel of which only the newest counts is newer than the last of its topic. Only the link's reader asks.</summary>
    /// <exception cref="LinkViolationException">There are too many topics.</exception>
    public bool IsNewer(in FrameHeader header)
    {
        var topic = (header.Channel, header.Correlation);
        if (!_newest.TryGetValue(topic, out var newest) && _newest.Count >= MostTopics) throw new LinkViolationException(LinkFault.TooLong, $"A stream has at most {MostTopics} topics of which only the newest counts.");
        if (header.Sequence <= newest) return false;
        _newest[topic] = header.Sequence;
        return true;
    }

    public StreamKey Key { get; }

    /// <summary>The link in use; null where it has ended.</summary>
    public IncomingLink? Link { get; set; }

    /// <summary>When it ended.</summary>
    public long PartedMs { get; set; }

    /// <summary>Null for a channel of which only the newest counts.</summary>
    public IncomingStream? this[FabricChannel channel] => _streams[(int)channel];

    /// <summary>Forgets what has come of messages that are not whole; how many bytes. Nobody reads the stream any more.</summary>
    public long DropHalfReceived() => All.Sum(stream => (long)stream.Parts.Clear());

    public IReadOnlyList<IncomingStream> All => field ??= [.. _streams.OfType<IncomingStream>()];
}

/// <summary>Which stream of frames: of one start of a node, which numbers those that it begins.</summary>
internal readonly record struct StreamKey(NodeId Node, Incarnation Incarnation, ulong Stream);
