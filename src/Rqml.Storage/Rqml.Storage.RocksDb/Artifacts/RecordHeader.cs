using System.Buffers.Binary;
using Rqml.Storage.RocksDb.Durability;

namespace Rqml.Storage.RocksDb.Artifacts;

/// <summary>What stands before each record of a segment, so that a segment can be walked without the database.</summary>
internal readonly record struct RecordHeader(Digest Digest, int StoredBytes, int ContentBytes, ArtifactCodec Codec)
{
    public const int Bytes = 52;

    // "RQAR", little endian.
    private const uint Magic = 0x52415152;

    public void Write(Span<byte> target)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(target, Magic);
        BinaryPrimitives.WriteUInt32LittleEndian(target[4..], (uint)Codec);
        BinaryPrimitives.WriteInt32LittleEndian(target[8..], StoredBytes);
        BinaryPrimitives.WriteInt32LittleEndian(target[12..], ContentBytes);
        Digest.Write(target[16..]);
        BinaryPrimitives.WriteUInt32LittleEndian(target[48..], Checksum.Of(target[..48]));
    }

    /// <summary>False where there is no whole header.</summary>
    public static bool TryRead(ReadOnlySpan<byte> bytes, out RecordHeader header)
    {
        header = default;
        if (bytes.Length < Bytes || BinaryPrimitives.ReadUInt32LittleEndian(bytes) != Magic) return false;
        if (BinaryPrimitives.ReadUInt32LittleEndian(bytes[48..]) != Checksum.Of(bytes[..48])) return false;
        header = new RecordHeader(
            Digest.Read(bytes[16..]),
            BinaryPrimitives.ReadInt32LittleEndian(bytes[8..]),
            BinaryPrimitives.ReadInt32LittleEndian(bytes[12..]),
            (ArtifactCodec)BinaryPrimitives.ReadUInt32LittleEndian(bytes[4..]));
        return header is { StoredBytes: >= 0, ContentBytes: >= 0, Codec: <= ArtifactCodec.Zstd };
    }
}
