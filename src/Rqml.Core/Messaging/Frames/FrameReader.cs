using System.Buffers;
using Rqml.Messaging.Links;

namespace Rqml.Messaging.Frames;

/// <summary>Takes frames off a block one by one, and refuses what is none.</summary>
internal ref struct FrameReader(ReadOnlySequence<byte> block)
{
    /// <summary>Bytes that one frame of a channel's stream carries at most; longer messages take several.</summary>
    public const int MaxStreamedBytes = (64 << 10) - FrameHeader.Bytes;

    /// <summary>Bytes that a frame outside of the streams carries at most: a hello, or the newest of a topic.</summary>
    public const int MaxAloneBytes = 1 << 20;

    private const FrameFlags KnownFlags = FrameFlags.Continues | FrameFlags.Traced;

    private ReadOnlySequence<byte> _rest = block;

    /// <summary>The next frame; false where the block is used up.</summary>
    /// <exception cref="LinkViolationException">What follows is no frame.</exception>
    public bool TryRead(out FrameHeader header, out ReadOnlySequence<byte> payload)
    {
        header = default;
        payload = default;
        if (_rest.IsEmpty) return false;
        if (_rest.Length < FrameHeader.Bytes) throw new LinkViolationException(LinkFault.Malformed, $"A block ends inside a frame's header, after {_rest.Length} of {FrameHeader.Bytes} bytes.");
        header = ReadHeader();
        Judge(header);
        if (_rest.Length < header.FrameBytes) throw new LinkViolationException(LinkFault.Malformed, $"A block ends inside a frame, after {_rest.Length} of {header.FrameBytes} bytes.");
        payload = _rest.Slice(FrameHeader.Bytes, header.Length);
        _rest = _rest.Slice(header.FrameBytes);
        return true;
    }

    private readonly FrameHeader ReadHeader()
    {
        if (_rest.FirstSpan.Length >= FrameHeader.Bytes) return FrameHeader.Read(_rest.FirstSpan);
        Span<byte> bytes = stackalloc byte[FrameHeader.Bytes];
        _rest.Slice(0, FrameHeader.Bytes).CopyTo(bytes);
        return FrameHeader.Read(bytes);
    }

    private static void Judge(in FrameHeader header)
    {
        if (header.Kind is < FrameKind.Hello or > FrameKind.Close) throw new LinkViolationException(LinkFault.Malformed, $"There is no frame of kind {(byte)header.Kind}.");
        if ((header.Flags & ~KnownFlags) != 0) throw new LinkViolationException(LinkFault.Malformed, $"A frame has the flags {(byte)header.Flags}, which nobody has.");
        var hasChannel = header.IsMessage || header.Kind is FrameKind.Grant or FrameKind.Subscription;
        var mayHaveChannel = header.Kind == FrameKind.Heartbeat && header.Channel != 0;
        if (hasChannel || mayHaveChannel ? !ChannelPromise.Exists(header.Channel) : header.Channel != 0) throw new LinkViolationException(LinkFault.UnknownChannel, $"A frame of kind {header.Kind} names the channel {(byte)header.Channel}.");
        var mostBytes = MostBytes(header);
        if (header.Length < 0 || header.Length > mostBytes) throw new LinkViolationException(LinkFault.TooLong, $"A frame of kind {header.Kind} has at most {mostBytes} bytes, not {header.Length}.");
    }

    private static int MostBytes(in FrameHeader header) => header.Kind switch
    {
        FrameKind.Hello => MaxAloneBytes,
        FrameKind.Grant or FrameKind.Heartbeat or FrameKind.Subscription or FrameKind.Close => 0,
        _ => ChannelPromise.Of(header.Channel).Delivery == Delivery.AtLeastOnce ? MaxStreamedBytes : MaxAloneBytes,
    };
}
