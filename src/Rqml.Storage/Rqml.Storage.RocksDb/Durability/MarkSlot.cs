using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;

namespace Rqml.Storage.RocksDb.Durability;

/// <summary>What one slot of the high-water mark says.</summary>
/// <param name="Format">Format of the whole store.</param>
/// <param name="State">Whether the store was being created, was open or was closed cleanly.</param>
/// <param name="StoreId">Identity of the store; the database holds the same.</param>
/// <param name="Generation">Counts the writes of the mark; the greater of two slots is the newer.</param>
/// <param name="Commit">Number of the last commit that may have been acknowledged.</param>
internal readonly record struct MarkSlot(int Format, MarkState State, Guid StoreId, long Generation, long Commit)
{
    public const int Bytes = 64;

    // "RQMLMARK", little endian.
    private const ulong Magic = 0x4B52414D4C4D5152;

    public void Write(Span<byte> slot)
    {
        slot[..Bytes].Clear();
        BinaryPrimitives.WriteUInt64LittleEndian(slot, Magic);
        BinaryPrimitives.WriteInt32LittleEndian(slot[8..], Format);
        BinaryPrimitives.WriteInt32LittleEndian(slot[12..], (int)State);
        StoreId.TryWriteBytes(slot[16..]);
        BinaryPrimitives.WriteInt64LittleEndian(slot[32..], Generation);
        BinaryPrimitives.WriteInt64LittleEndian(slot[40..], Commit);
        BinaryPrimitives.WriteUInt32LittleEndian(slot[60..], Checksum.Of(slot[..60]));
    }

    /// <summary>False where the slot is torn or damaged.</summary>
    public static bool TryRead(ReadOnlySpan<byte> slot, [NotNullWhen(true)] out MarkSlot? mark)
    {
        mark = null;
        if (slot.Length < Bytes || BinaryPrimitives.ReadUInt64LittleEndian(slot) != Magic) return false;
        if (BinaryPrimitives.ReadUInt32LittleEndian(slot[60..]) != Checksum.Of(slot[..60])) return false;
        mark = new MarkSlot(
            BinaryPrimitives.ReadInt32LittleEndian(slot[8..]),
            (MarkState)BinaryPrimitives.ReadInt32LittleEndian(slot[12..]),
            new Guid(slot[16..32]),
            BinaryPrimitives.ReadInt64LittleEndian(slot[32..]),
            BinaryPrimitives.ReadInt64LittleEndian(slot[40..]));
        return true;
    }
}
