using Rqml.Messaging.Frames;

namespace Rqml.Messaging.Links;

/// <summary>What all links of a node go by. One table for the fabric and whoever watches over nodes by it.</summary>
internal sealed record LinkSettings
{
    /// <summary>Only nodes of the same cluster talk to one another.</summary>
    public string Cluster { get; init; } = "rqml";

    public VersionRange Versions { get; init; } = VersionRange.Ours;

    /// <summary>Who has said nothing for so long says that it lives.</summary>
    public long HeartbeatMs { get; init; } = 1_000;

    /// <summary>Who was not heard for so long gets nothing new where there is a choice.</summary>
    public long SuspectMs { get; init; } = 3_000;

    /// <summary>Who was not heard for so long is given up: what it may not have received goes back to its owners.</summary>
    public long SilentMs { get; init; } = 5_000;

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

    /// <summary>For simulations that break a rule on purpose.</summary>
    public Func<FabricChannel, long, IncomingStream> Receive { get; init; } = static (channel, windowBytes) => new IncomingStream(channel, windowBytes);

    /// <inheritdoc cref="Receive"/>
    public Func<FabricChannel, long, OutgoingStream> Send { get; init; } = static (channel, mostBytes) => new OutgoingStream(channel, mostBytes);

    /// <summary>Bytes that the receiver of a channel holds at most.</summary>
    public long WindowOf(FabricChannel channel) => ChannelPromise.Of(channel).WhenFull == WhenFull.Spill ? EventWindowBytes : WindowBytes;

    /// <summary>Bytes that the sender of a channel keeps at most, what was sent and not acknowledged included.</summary>
    public long KeptOf(FabricChannel channel) => WindowOf(channel) + (ChannelPromise.Of(channel).WhenFull == WhenFull.Spill ? SpillBytes : 0);
}
