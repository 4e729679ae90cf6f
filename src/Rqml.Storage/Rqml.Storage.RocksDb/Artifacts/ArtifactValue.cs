using System.Buffers.Binary;

namespace Rqml.Storage.RocksDb.Artifacts;

/// <summary>The value that RocksDB holds for an artifact: one byte that says how, then the content, a zstd frame or the digest of a segment record.</summary>
internal static class ArtifactValue
{
    public const int PointerBytes = 1 + Digest.Bytes;
    public const int RawHeaderBytes = 1;
    public const int ZstdHeaderBytes = 1 + sizeof(int);

    private const byte Raw = 0;
    private const byte Zstd = 1;
    private const byte Pointer = 2;

    public static void WriteRawHeader(Span<byte> value) => value[0] = Raw;

    public static void WriteZstdHeader(Span<byte> value, int contentBytes)
    {
        value[0] = Zstd;
        BinaryPrimitives.WriteInt32LittleEndian(value[1..], contentBytes);
    }

    public static void WritePointer(Span<byte> value, Digest digest)
    {
        value[0] = Pointer;
        digest.Write(value[1..]);
    }

    /// <summary>Whether the content lies in a segment, and under which digest.</summary>
    public static bool IsPointer(ReadOnlySpan<byte> value, out Digest digest)
    {
        var isPointer = value is [Pointer, ..] && value.Length == PointerBytes;
        digest = isPointer ? Digest.Read(value[1..]) : default;
        return isPointer;
    }

    /// <summary>The content of a value that is not a pointer.</summary>
    /// <exception cref="InvalidDataException">The value is none that this store writes.</exception>
    public static byte[] ReadInline(ReadOnlySpan<byte> value) => value switch
    {
        [Raw, .. var content] => content.ToArray(),
        [Zstd, _, _, _, _, .. var frame] => ArtifactCompressor.Decompress(frame, BinaryPrimitives.ReadInt32LittleEndian(value[1..])),
        _ => throw new InvalidDataException("an artifact's value has an unknown form"),
    };
}
