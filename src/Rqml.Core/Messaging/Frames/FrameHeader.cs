using System.Buffers.Binary;

namespace Rqml.Messaging.Frames;

/// <summary>
/// What stands before each frame's payload: 24 bytes, little-endian, at the same places always.
/// <code>
/// length:4  version:1  channel:1  kind:1  flags:1  sequence:8  correlation:8
/// </code>
/// </summary>
/// <param name="Length">Bytes of the payload.</param>
/// <param name="Version">Of the protocol, as hello agreed on.</param>
/// <param name="Channel">Of a message, grant or subscription; 0 elsewhere.</param>
/// <param name="Kind">What the frame is.</param>
/// <param name="Flags">What else it says of itself.</param>
/// <param name="Sequence">Of its channel, from 1; what it means is the kind's to say.</param>
/// <param name="Correlation">The kind's to say.</param>
internal readonly record struct FrameHeader(int Length, byte Version, FabricChannel Channel, FrameKind Kind, FrameFlags Flags, ulong Sequence, ulong Correlation)
{
    /// <summary>Bytes of a header.</summary>
    public const int Bytes = 24;

    /// <summary>Bytes of the whole frame.</summary>
    public int FrameBytes => Bytes + Length;

    public bool IsMessage => Kind is FrameKind.Directed or FrameKind.Broadcast or FrameKind.Published;

    public void Write(Span<byte> to)
    {
        BinaryPrimitives.WriteInt32LittleEndian(to, Length);
        (to[4], to[5], to[6], to[7]) = (Version, (byte)Channel, (byte)Kind, (byte)Flags);
        BinaryPrimitives.WriteUInt64LittleEndian(to[8..], Sequence);
        BinaryPrimitives.WriteUInt64LittleEndian(to[16..], Correlation);
    }

    /// <summary>Reads a header as it stands; whether it makes sense is the reader's to judge.</summary>
    public static FrameHeader Read(ReadOnlySpan<byte> from) => new(
        BinaryPrimitives.ReadInt32LittleEndian(from), from[4], (FabricChannel)from[5], (FrameKind)from[6], (FrameFlags)from[7],
        BinaryPrimitives.ReadUInt64LittleEndian(from[8..]), BinaryPrimitives.ReadUInt64LittleEndian(from[16..]));
}
