using System.Buffers;

namespace Rqml.Transports.Grpc.Links;

/// <summary>
/// Reads and writes <see cref="BlockMessage"/> as protobuf does (wire format of protobuf.dev/programming-guides/encoding), without a copy of its data beside the one
/// that gRPC needs: a generated class would make a string of bytes of every block.
/// </summary>
internal static class BlockCodec
{
    /// <summary>The tag and the length of the longest block, each a varint.</summary>
    public const int MaxOverheadBytes = 1 + 5;

    private const uint DataTag = (1 << 3) | LengthDelimited;
    private const int Varint = 0;
    private const int Fixed64 = 1;
    private const int LengthDelimited = 2;
    private const int Fixed32 = 5;

    public static int Measure(long dataBytes) => dataBytes == 0 ? 0 : 1 + VarintBytes((uint)dataBytes) + (int)dataBytes;

    public static void Write(ReadOnlySequence<byte> data, IBufferWriter<byte> target)
    {
        if (data.IsEmpty) return;      // as protobuf leaves out what is empty
        var head = target.GetSpan(MaxOverheadBytes);
        head[0] = (byte)DataTag;
        target.Advance(1 + WriteVarint(head[1..], (uint)data.Length));
        foreach (var piece in data) target.Write(piece.Span);
    }

    /// <summary>Where the data of a message lies in it. Fields that are not known are skipped, and of several the last counts.</summary>
    /// <exception cref="InvalidDataException">It is no message.</exception>
    public static ReadOnlySequence<byte> Read(ReadOnlySequence<byte> message)
    {
        var reader = new SequenceReader<byte>(message);
        var data = ReadOnlySequence<byte>.Empty;
        while (!reader.End)
        {
            var tag = ReadVarint(ref reader);
            if (tag == DataTag) data = ReadBytes(ref reader);
            else Skip(ref reader, tag);
        }

        return data;
    }

    private static ReadOnlySequence<byte> ReadBytes(ref SequenceReader<byte> reader)
    {
        var length = ReadVarint(ref reader);
        if (length > (ulong)reader.Remaining) throw Malformed();
        var bytes = reader.UnreadSequence.Slice(0, (long)length);
        reader.Advance((long)length);
        return bytes;
    }

    private static void Skip(ref SequenceReader<byte> reader, ulong tag)
    {
        if (tag is < 8 or > uint.MaxValue) throw Malformed();
        switch ((int)(tag & 7))
        {
            case Varint:
                ReadVarint(ref reader);
                break;
            case Fixed64 when reader.Remaining >= 8:
                reader.Advance(8);
                break;
            case LengthDelimited:
                ReadBytes(ref reader);
                break;
            case Fixed32 when reader.Remaining >= 4:
                reader.Advance(4);
                break;
            default:
                throw Malformed();
        }
    }

    private static ulong ReadVarint(ref SequenceReader<byte> reader)
    {
        ulong value = 0;
        for (var shift = 0; shift < 64; shift += 7)
        {
            if (!reader.TryRead(out var next)) throw Malformed();
            value |= (ulong)(next & 0x7F) << shift;
            if (next < 0x80) return value;
        }

        throw Malformed();
    }

    private static int WriteVarint(Span<byte> target, uint value)
    {
        var at = 0;
        for (; value >= 0x80; value >>= 7) target[at++] = (byte)(value | 0x80);
        target[at++] = (byte)value;
        return at;
    }

    private static int VarintBytes(uint value) => (31 - System.Numerics.BitOperations.LeadingZeroCount(value | 1)) / 7 + 1;

    private static InvalidDataException Malformed() => new("This is no message of the type Block.");
}
