using System.Buffers;

namespace Rqml.Storage.RocksDb.Artifacts;

/// <summary>From stored bytes to content, never past a wrong digest.</summary>
internal static class SegmentRecord
{
    /// <exception cref="InvalidDataException">The record is damaged.</exception>
    public static byte[] Read(SegmentFile file, Digest digest, in RecordLocation location)
    {
        var content = location.Codec == ArtifactCodec.Raw ? ReadRaw(file, location) : ReadZstd(file, location);
        return Digest.Of(content) == digest ? content : throw new InvalidDataException($"artifact {digest} in segment {file.Number:x8} does not match its hash");
    }

    private static byte[] ReadRaw(SegmentFile file, in RecordLocation location)
    {
        // The index was checked against the file's length, so that this allocates no more than is there.
        var content = new byte[location.StoredBytes];
        file.Read(location, content);
        return content;
    }

    private static byte[] ReadZstd(SegmentFile file, in RecordLocation location)
    {
        var stored = ArrayPool<byte>.Shared.Rent(location.StoredBytes);
        try
        {
            file.Read(location, stored.AsSpan(0, location.StoredBytes));
            return ArtifactCompressor.Decompress(stored.AsSpan(0, location.StoredBytes), location.ContentBytes);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(stored);
        }
    }
}
