using System.Buffers.Binary;
using System.Collections;
using System.Numerics;
using System.Security.Cryptography;

namespace Rqml.Refinement;

/// <summary>An artifact with its digest, which is computed once, when first asked for. Immutable to whoever looks; thread-safe.</summary>
internal sealed class RecentArtifact(ReadOnlyMemory<byte> bytes)
{
    private byte[]? _sha256;

    public ReadOnlyMemory<byte> Bytes { get; } = bytes;

    public byte[] Sha256 => _sha256 ??= SHA256.HashData(Bytes.Span);      // two that compute it at once come to the same

    /// <summary>By which an artifact that comes again is noticed without being kept. For that 64 bits that anybody could forge are enough, as they are made in each iteration.</summary>
    /// <remarks>Word by word, each multiplied in; at last the finalizer of SplitMix64 (Steele, Lea, Flood 2014). Not to be changed: checkpoints keep it.</remarks>
    public static ulong FingerprintOf(ReadOnlySpan<byte> bytes)
    {
        var print = (ulong)bytes.Length * 0x9E3779B97F4A7C15UL;
        for (; bytes.Length >= sizeof(ulong); bytes = bytes[sizeof(ulong)..]) print = Mix(print, BinaryPrimitives.ReadUInt64LittleEndian(bytes));
        Span<byte> rest = stackalloc byte[sizeof(ulong)];
        rest.Clear();
        bytes.CopyTo(rest);
        print = Mix(print, BinaryPrimitives.ReadUInt64LittleEndian(rest));
        print = unchecked((print ^ (print >> 30)) * 0xBF58476D1CE4E5B9UL);
        print = unchecked((print ^ (print >> 27)) * 0x94D049BB133111EBUL);
        return print ^ (print >> 31);
    }

    private static ulong Mix(ulong print, ulong word) => unchecked(BitOperations.RotateLeft((print ^ word) * 0x9FB21C651E98DF25UL, 29));
}

/// <summary>The bytes of recent artifacts, as a model's worker takes them: a view, made in each iteration.</summary>
internal sealed class RecentBytes(IReadOnlyList<RecentArtifact> recent) : IReadOnlyList<ReadOnlyMemory<byte>>
{
    public int Count => recent.Count;

    public ReadOnlyMemory<byte> this[int index] => recent[index].Bytes;

    public IEnumerator<ReadOnlyMemory<byte>> GetEnumerator() => recent.Select(one => one.Bytes).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
