using Rqml.Messaging;
using Rqml.Messaging.Frames;
using Rqml.Messaging.Links;

namespace Rqml.Testing.Contracts;

/// <summary>Blocks of somebody who breaks the protocol.</summary>
internal static class Violations
{
    private static readonly Hello Stranger = new(VersionRange.Ours, new LinkSettings().Cluster, new Peer(new NodeId("stranger"), new Incarnation(99), "tcp://127.0.0.1:1/"), 1);

    /// <summary>A stream of one of many starts.</summary>
    public static byte[] HelloOf(ulong stream) => (Stranger with { Stream = stream, Peer = Stranger.Peer with { Node = new NodeId($"stranger-{stream % 10}") } }).ToFrame();

    /// <summary>Of whoever sends.</summary>
    public static IEnumerable<byte[]> Of(string how) => how switch
    {
        "garbage" => [Garbage()],
        "a message before hello" => [Message(1, 8)],
        "a second hello" => [Stranger.ToFrame(), Stranger.ToFrame()],
        "a truncated header" => [Stranger.ToFrame(), Message(1, 8)[..10]],
        "a truncated frame" => [Stranger.ToFrame(), Message(1, 100)[..^1]],
        "an unknown kind" => [Stranger.ToFrame(), Frame(new FrameHeader(0, 1, 0, (FrameKind)99, FrameFlags.None, 0, 0))],
        "an unknown flag" => [Stranger.ToFrame(), Frame(new FrameHeader(0, 1, 0, FrameKind.Heartbeat, (FrameFlags)64, 0, 0))],
        "an unknown channel" => [Stranger.ToFrame(), Frame(new FrameHeader(0, 1, (FabricChannel)77, FrameKind.Directed, FrameFlags.None, 1, 0))],
        "a length over the bound" => [Stranger.ToFrame(), Frame(new FrameHeader(int.MaxValue, 1, FabricChannel.TaskInbound, FrameKind.Directed, FrameFlags.None, 1, 0))],
        "a negative length" => [Stranger.ToFrame(), Frame(new FrameHeader(-1, 1, FabricChannel.TaskInbound, FrameKind.Directed, FrameFlags.None, 1, 0))],
        "another version" => [Stranger.ToFrame(), Frame(new FrameHeader(0, 200, 0, FrameKind.Heartbeat, FrameFlags.None, 0, 0))],
        "a missing frame" => [Stranger.ToFrame(), Message(1, 8), Message(3, 8)],
        "more than was granted" => Flood(FrameFlags.None),
        "a message without end" => Flood(FrameFlags.Continues),
        "a grant of a receiver" => [Stranger.ToFrame(), Frame(new FrameHeader(0, 1, FabricChannel.TaskInbound, FrameKind.Grant, FrameFlags.None, 1, 1))],
        _ => throw new ArgumentOutOfRangeException(nameof(how), how, null),
    };

    /// <summary>Of whoever receives: what it answers to hello, and after.</summary>
    public static IEnumerable<byte[]> OfReceiver(string how) => how switch
    {
        "an acknowledgement of what was never sent" => [Answer(0), Frame(new FrameHeader(0, 1, FabricChannel.TaskInbound, FrameKind.Grant, FrameFlags.None, 1_000, 1_000))],
        "a grant before hello" => [Frame(new FrameHeader(0, 1, FabricChannel.TaskInbound, FrameKind.Grant, FrameFlags.None, 0, 1_000))],
        "a message from a receiver" => [Answer(0), Message(1, 8)],
        "garbage" => [Garbage()],
        "a place beyond the stream" => [Answer(1_000)],
        _ => throw new ArgumentOutOfRangeException(nameof(how), how, null),
    };

    private static byte[] Answer(ulong received) =>
        (Stranger with { Positions = [.. ChannelPromise.All.Where(promise => promise.Delivery == Delivery.AtLeastOnce).Select(promise => new StreamPosition(promise.Channel, received, 1 << 20))] }).ToFrame();

    private static byte[] Garbage()
    {
        var bytes = new byte[1_000];
        new Random(1).NextBytes(bytes);
        return bytes;
    }

    /// <summary>Frames without end, whatever is granted: the reader ends it.</summary>
    private static IEnumerable<byte[]> Flood(FrameFlags flags)
    {
        yield return Stranger.ToFrame();
        for (ulong sequence = 1; sequence <= 4_000; sequence++) yield return Message(sequence, FrameReader.MaxStreamedBytes, flags);
    }

    private static byte[] Message(ulong sequence, int payloadBytes, FrameFlags flags = FrameFlags.None)
    {
        var frame = new byte[FrameHeader.Bytes + payloadBytes];
        new FrameHeader(payloadBytes, 1, FabricChannel.TaskInbound, FrameKind.Directed, flags, sequence, 0).Write(frame);
        return frame;
    }

    private static byte[] Frame(FrameHeader header)
    {
        var frame = new byte[FrameHeader.Bytes];
        header.Write(frame);
        return frame;
    }
}
