using System.Buffers;
using Google.Protobuf;
using Rqml.Messaging.Links;
using Rqml.Protocol;

namespace Rqml.Messaging.Frames;

/// <summary>What each end of a link says first: who it is, what it speaks, and where the stream between the two stopped.</summary>
/// <param name="Versions">The protocols that it speaks.</param>
/// <param name="Cluster">Name of its cluster.</param>
/// <param name="Peer">Which start of which node it is.</param>
/// <param name="Stream">Which stream of frames: a start numbers those that it begins.</param>
internal sealed record Hello(VersionRange Versions, string Cluster, Peer Peer, ulong Stream)
{
    private const int MaxClusterLength = 128;

    /// <summary>From the receiving end: what it has, and what it grants; empty from the sending end.</summary>
    public IReadOnlyList<StreamPosition> Positions { get; init; } = [];

    /// <summary>From the sending end: the stream that this one takes the place of; 0: none. Nothing of it is to be heard any more.</summary>
    public ulong Replaces { get; init; }

    /// <summary>From the sending end: what it wants to hear of what the other publishes.</summary>
    public IReadOnlyList<Subscription> Subscriptions { get; init; } = [];

    /// <summary>The whole frame.</summary>
    public byte[] ToFrame()
    {
        var body = new HelloBody
        {
            LowestVersion = Versions.Lowest,
            HighestVersion = Versions.Highest,
            Cluster = Cluster,
            Peer = Records.Write(Peer),
            Stream = Stream,
            Replaces = Replaces,
        };
        body.Streams.AddRange(Positions.Select(position => new HelloBody.Types.Stream { Channel = (uint)position.Channel, Received = position.Received, Limit = (ulong)position.LimitBytes }));
        body.Subscriptions.AddRange(Subscriptions.Select(wanted => new HelloBody.Types.Subscription { Channel = (uint)wanted.Channel, Topics = wanted.Topics }));
        var frame = new byte[FrameHeader.Bytes + body.CalculateSize()];
        new FrameHeader(frame.Length - FrameHeader.Bytes, Versions.Highest, 0, FrameKind.Hello, FrameFlags.None, 0, 0).Write(frame);
        body.WriteTo(frame.AsSpan(FrameHeader.Bytes));
        return frame;
    }

    /// <summary>The newest protocol that both ends speak.</summary>
    /// <exception cref="LinkViolationException">There is none, or the other end is of another cluster.</exception>
    public byte Agree(LinkSettings ours)
    {
        if (ours.Versions.Common(Versions) is not { } version) throw new LinkViolationException(LinkFault.WrongVersion, $"{Peer} speaks the protocols {Versions}; we speak {ours.Versions}.");
        if (Cluster != ours.Cluster) throw new LinkViolationException(LinkFault.OtherCluster, $"{Peer} belongs to cluster '{Cluster}', not '{ours.Cluster}'.");
        return version;
    }

    /// <exception cref="LinkViolationException">The payload is no hello.</exception>
    public static Hello Read(ReadOnlySequence<byte> payload)
    {
        try
        {
            return Read(HelloBody.Parser.Read(payload));
        }
        catch (RecordDamagedException error)
        {
            throw new LinkViolationException(LinkFault.Malformed, $"A hello cannot be read: {error.Message}", error);
        }
    }

    private static Hello Read(HelloBody body)
    {
        if (body.LowestVersion is < 1 or > byte.MaxValue || body.HighestVersion < body.LowestVersion || body.HighestVersion > byte.MaxValue)
        {
            throw new RecordDamagedException($"It speaks the protocols {body.LowestVersion} to {body.HighestVersion}; they are numbered from 1 to {byte.MaxValue}.");
        }

        Check.Length(body.Cluster, 1, MaxClusterLength, "The name of a cluster");
        if (body.Streams.Count > ChannelPromise.All.Count || body.Subscriptions.Count > ChannelPromise.All.Count) throw new RecordDamagedException($"It says more than one thing of a channel: there are {ChannelPromise.All.Count}.");
        return new Hello(new VersionRange((byte)body.LowestVersion, (byte)body.HighestVersion), body.Cluster, Records.Read(body.Peer), body.Stream)
        {
            Replaces = body.Replaces,
            Positions = [.. body.Streams.Select(stream => new StreamPosition(ChannelOf(stream.Channel, Delivery.AtLeastOnce), stream.Received, LimitOf(stream.Limit)))],
            Subscriptions = [.. body.Subscriptions.Select(wanted => new Subscription(ChannelOf(wanted.Channel, null), wanted.Topics))],
        };
    }

    private static FabricChannel ChannelOf(uint number, Delivery? delivery)
    {
        var channel = (FabricChannel)Math.Min(number, byte.MaxValue);
        if (ChannelPromise.Exists(channel) && (delivery is null || ChannelPromise.Of(channel).Delivery == delivery)) return channel;
        throw new RecordDamagedException($"It names the channel {number}.");
    }

    private static long LimitOf(ulong limit) => limit <= long.MaxValue ? (long)limit : throw new RecordDamagedException($"It grants {limit} bytes.");
}

/// <summary>The protocols that an end speaks, from the oldest to the newest.</summary>
internal readonly record struct VersionRange(byte Lowest, byte Highest)
{
    /// <summary>What this library speaks: its own, and the one before. Protocol 1 knows no traced messages.</summary>
    public static VersionRange Ours { get; } = new(1, 2);

    /// <summary>The newest that both speak; null where there is none.</summary>
    public byte? Common(VersionRange other)
    {
        var highest = Math.Min(Highest, other.Highest);
        return highest >= Math.Max(Lowest, other.Lowest) ? highest : null;
    }
}

/// <summary>How far the stream of a channel has come.</summary>
/// <param name="Channel">One that is delivered at least once.</param>
/// <param name="Received">Sequence of the last frame that was received.</param>
/// <param name="LimitBytes">Bytes since the stream began that may be sent.</param>
internal readonly record struct StreamPosition(FabricChannel Channel, ulong Received, long LimitBytes);

/// <summary>Which topics of a channel somebody wants to hear of.</summary>
/// <param name="Channel">The channel.</param>
/// <param name="Topics">As bits; none: no more.</param>
internal readonly record struct Subscription(FabricChannel Channel, ulong Topics);
