using System.Buffers.Binary;

namespace Rqml.Storage.RocksDb.Artifacts;

/// <summary>Where a segment record lies, how it is stored and how many artifact keys point to it. The value of the segment index.</summary>
internal readonly record struct RecordLocation(uint Segment, long Offset, int StoredBytes, int ContentBytes, ArtifactCodec Codec, int References)
{
    public const int Bytes = 25;

    // No file is longer; and the end of a record is a number still.
    private const long MostOffset = 1L << 62;

    /// <summary>Bytes that the record takes in its segment.</summary>
    public long RecordBytes => RecordHeader.Bytes + (long)StoredBytes;

    /// <summary>First byte behind the record.</summary>
    public long End => Offset + RecordBytes;

    public void Write(Span<byte> target)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(target, Segment);
        BinaryPrimitives.WriteInt64LittleEndian(target[4..], Offset);
        BinaryPrimitives.WriteInt32LittleEndian(target[12..], StoredBytes);
        BinaryPrimitives.WriteInt32LittleEndian(target[16..], ContentBytes);
        target[20] = (byte)Codec;
        BinaryPrimitives.WriteInt32LittleEndian(target[21..], References);
    }

    /// <exception cref="InvalidDataException">The bytes are no location.</exception>
    public static RecordLocation Read(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length != Bytes) throw new InvalidDataException("an entry of the segment index has the wrong length");
        var location = new RecordLocation(
            BinaryPrimitives.ReadUInt32LittleEndian(bytes),
            BinaryPrimitives.ReadInt64LittleEndian(bytes[4..]),
            BinaryPrimitives.ReadInt32LittleEndian(bytes[12..]),
            BinaryPrimitives.ReadInt32LittleEndian(bytes[16..]),
            (ArtifactCodec)bytes[20],
            BinaryPrimitives.ReadInt32LittleEndian(bytes[21..]));
        var isSound = location is { Offset: >= SegmentHeader.Bytes and <= MostOffset, StoredBytes: >= 0, ContentBytes: >= 0, References: > 0, Codec: <= ArtifactCodec.Zstd };
        return isSound ? location : throw new InvalidDataException("an entry of the segment index is out of range");
    }
}
