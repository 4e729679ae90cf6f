using System.Buffers.Binary;
using Rqml.Storage.RocksDb.Durability;

namespace Rqml.Storage.RocksDb.Artifacts;

/// <summary>The first bytes of a segment file: whose it is and which.</summary>
internal readonly record struct SegmentHeader(Guid StoreId, uint Number)
{
    public const int Bytes = 32;

    // "RQSG", little endian.
    private const uint Magic = 0x47535152;

    public void Write(Span<byte> target)
    {
        target[..Bytes].Clear();
        BinaryPrimitives.WriteUInt32LittleEndian(target, Magic);
        BinaryPrimitives.WriteUInt32LittleEndian(target[4..], Number);
        StoreId.TryWriteBytes(target[8..]);
        BinaryPrimitives.WriteUInt32LittleEndian(target[28..], Checksum.Of(target[..28]));
    }

    /// <summary>False where there is no whole header.</summary>
    public static bool TryRead(ReadOnlySpan<byte> bytes, out SegmentHeader header)
    {
        header = default;
        if (bytes.Length < Bytes || BinaryPrimitives.ReadUInt32LittleEndian(bytes) != Magic) return false;
        if (BinaryPrimitives.ReadUInt32LittleEndian(bytes[28..]) != Checksum.Of(bytes[..28])) return false;
        header = new SegmentHeader(new Guid(bytes[8..24]), BinaryPrimitives.ReadUInt32LittleEndian(bytes[4..]));
        return true;
    }
}
