using Rqml.Messaging.Frames;

namespace Rqml.Messaging.Links;

/// <summary>What all links of a node go by.</summary>
internal sealed record LinkSettings
{
    /// <summary>Only nodes of the same cluster talk to one another.</summary>
    public string Cluster { get; init; } = "rqml";

    public VersionRange Versions { get; init; } = VersionRange.Ours;

    public Liveness Liveness { get; init; } = Liveness.Default;

    /// <summary>Puts something around each link before its first byte, such as encryption, at both ends; null: nothing. Whoever refuses throws <see cref="LinkClosedException"/>.</summary>
    public WrapLink? Wrap { get; init; }

    /// <summary>The first try after a failure comes within this time, each further one within twice as much: a random part of it, so that not all come at once.</summary>
    public long FirstRetryMs { get; init; } = 50;

    public long LongestRetryMs { get; init; } = 5_000;

    /// <summary>An acknowledgement waits so long for others to go with it, unless its sender is short of credit.</summary>
    public long GrantDelayMs { get; init; } = 25;

    /// <summary>Bytes of one task channel that may be on the way or unread, on each link.</summary>
    public long WindowBytes { get; init; } = 8 << 20;

    /// <summary>The same for alerts and supervision events.</summary>
    public long EventWindowBytes { get; init; } = 256 << 10;

    /// <summary>Bytes of alerts or supervision events that wait beyond their window.</summary>
    public long SpillBytes { get; init; } = 4 << 20;

    /// <summary>The place of a stream is remembered for so long after its link has ended; its sender has given up by then.</summary>
    public long RememberMs { get; init; } = 60_000;

    /// <summary>Streams of others that a node remembers at most.</summary>
    public int MostStreams { get; init; } = 4_096;

    /// <summary>The same, of one node.</summary>
    public int MostStreamsOfNode { get; init; } = 64;

    /// <summary>Links that others may have open to a node at once.</summary>
    public int MostLinks { get; init; } = 8_192;

    /// <summary>Bytes of messages that have not come whole yet, over all links of a node.</summary>
    public long MostHalfReceivedBytes { get; init; } = 256 << 20;

    /// <summary>For simulations that break a rule on purpose.</summary>
    public Func<FabricChannel, long, IncomingStream> Receive { get; init; } = static (channel, windowBytes) => new IncomingStream(channel, windowBytes);

    /// <inheritdoc cref="Receive"/>
    public Func<FabricChannel, long, OutgoingStream> Send { get; init; } = static (channel, mostBytes) => new OutgoingStream(channel, mostBytes);

    /// <summary>Bytes that the receiver of a channel holds at most.</summary>
    public long WindowOf(FabricChannel channel) => ChannelPromise.Of(channel).WhenFull == WhenFull.Spill ? EventWindowBytes : WindowBytes;

    /// <summary>Bytes that the sender of a channel keeps at most, what was sent and not acknowledged included.</summary>
    public long KeptOf(FabricChannel channel) => WindowOf(channel) + (ChannelPromise.Of(channel).WhenFull == WhenFull.Spill ? SpillBytes : 0);
}

/// <summary>Puts something around a link.</summary>
/// <param name="link">The link as the transport gives it. Disposing what is returned disposes it.</param>
/// <param name="isOurs">Whether we opened it; else the peer did.</param>
/// <param name="cancellationToken">Cancelled when it takes too long, or the node stops.</param>
internal delegate ValueTask<ILink> WrapLink(ILink link, bool isOurs, CancellationToken cancellationToken);
