using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Rqml.Refinement;

/// <summary>An artifact with its digest, which is computed once, when first asked for. Immutable to whoever looks; thread-safe.</summary>
internal sealed class RecentArtifact(ReadOnlyMemory<byte> bytes)
{
    private byte[]? _sha256;

    public ReadOnlyMemory<byte> Bytes { get; } = bytes;

    public byte[] Sha256 => _sha256 ??= SHA256.HashData(Bytes.Span);      // two that compute it at once come to the same

    /// <summary>The first bytes of its digest: an artifact that comes again is noticed without being kept.</summary>
    public ulong Fingerprint => BinaryPrimitives.ReadUInt64LittleEndian(Sha256);
}
