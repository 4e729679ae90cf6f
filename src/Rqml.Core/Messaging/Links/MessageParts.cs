using System.Buffers;
using Rqml.Messaging.Frames;

namespace Rqml.Messaging.Links;

/// <summary>Puts a message together that came in several frames. Grows with what has come, never with what was announced.</summary>
internal sealed class MessageParts
{
    /// <summary>Bytes of one message, with all its parts.</summary>
    public const int MostBytes = 32 << 20;

    private ArrayBufferWriter<byte>? _parts;
    private FrameHeader _first;

    public bool IsEmpty => _parts is null;

    /// <summary>Bytes that have come.</summary>
    public int Bytes => _parts?.WrittenCount ?? 0;

    /// <summary>Forgets what has come; how many bytes.</summary>
    public int Clear()
    {
        var bytes = Bytes;
        _parts = null;
        return bytes;
    }

    /// <summary>Adds a part. True, with the whole message and the header of its first part, where it was the last one.</summary>
    /// <exception cref="LinkViolationException">The message is longer than any may be.</exception>
    public bool Add(in FrameHeader header, ReadOnlySequence<byte> payload, out FrameHeader first, out ReadOnlySequence<byte> message)
    {
        if (_parts is null) (_parts, _first) = (new ArrayBufferWriter<byte>(), header);
        (first, message) = (_first, default);
        if (_parts.WrittenCount + payload.Length > MostBytes) throw new LinkViolationException(LinkFault.TooLong, $"A message has at most {MostBytes} bytes; this one has more.");
        foreach (var part in payload) _parts.Write(part.Span);
        if (header.Flags.HasFlag(FrameFlags.Continues)) return false;
        message = new ReadOnlySequence<byte>(_parts.WrittenMemory);
        _parts = null;
        return true;
    }
}
