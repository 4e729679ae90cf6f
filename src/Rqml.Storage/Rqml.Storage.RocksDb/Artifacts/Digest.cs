using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace Rqml.Storage.RocksDb.Artifacts;

/// <summary>SHA-256 of an artifact's content, uncompressed.</summary>
internal readonly record struct Digest(ulong A, ulong B, ulong C, ulong D)
{
    public const int Bytes = 32;

    public static Digest Of(ReadOnlySpan<byte> content)
    {
        Span<byte> hash = stackalloc byte[Bytes];
        SHA256.HashData(content, hash);
        return Read(hash);
    }

    public static Digest Read(ReadOnlySpan<byte> bytes) => MemoryMarshal.Read<Digest>(bytes);

    public void Write(Span<byte> target) => MemoryMarshal.Write(target, in this);

    public override string ToString()
    {
        Span<byte> hash = stackalloc byte[Bytes];
        Write(hash);
        return Convert.ToHexStringLower(hash);
    }
}
