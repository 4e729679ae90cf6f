using System.Buffers;
using System.Buffers.Binary;

namespace Rqml.Transports.Tcp;

/// <summary>What tells a stream's blocks apart: before each its length, in four bytes, little-endian.</summary>
internal static class BlockPrefix
{
    public const int Bytes = 4;

    public static void Write(int blockBytes, Span<byte> target) => BinaryPrimitives.WriteInt32LittleEndian(target, blockBytes);

    /// <summary>The first block of what has come; false while it is not whole.</summary>
    /// <exception cref="InvalidDataException">It would be longer than any block is.</exception>
    public static bool TryRead(ReadOnlySequence<byte> received, out ReadOnlySequence<byte> block)
    {
        block = default;
        if (received.Length < Bytes) return false;
        Span<byte> prefix = stackalloc byte[Bytes];
        received.Slice(0, Bytes).CopyTo(prefix);
        var blockBytes = BinaryPrimitives.ReadInt32LittleEndian(prefix);
        if (blockBytes is < 0 or > SocketLink.MaxBlockBytes) throw new InvalidDataException($"a block has at most {SocketLink.MaxBlockBytes} bytes, not {blockBytes}");
        if (received.Length < Bytes + blockBytes) return false;
        block = received.Slice(Bytes, blockBytes);
        return true;
    }
}
