using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;

namespace Rqml;

/// <summary>
/// A task's id: a UUID version 7 (RFC 9562, 5.7) whose last 32 bits name the ledger that took the task, so that any node finds the ledger of any id.
/// Ids of one ledger sort by the order of submission.
/// </summary>
public readonly record struct TaskId : IComparable<TaskId>, ISpanParsable<TaskId>
{
    /// <summary>Bytes that <see cref="WriteTo"/> writes.</summary>
    public const int Bytes = 16;

    private const int VersionShift = 12;
    private const ulong Version = 7;
    private const ulong Variant = 0b10UL << 62;

    private readonly ulong _high;    // 48 bits of milliseconds, 4 bits of version, 12 bits of sequence
    private readonly ulong _low;     //  2 bits of variant, 30 bits of sequence, 32 bits of ledger

    private TaskId(ulong high, ulong low) => (_high, _low) = (high, low);

    /// <summary>The ledger that took the task.</summary>
    public LedgerId Ledger => new((uint)_low);

    /// <summary>When the id was made, in milliseconds since 1970-01-01 UTC by the submitter's clock.</summary>
    public long CreatedMs => (long)(_high >> 16);

    internal static TaskId Create(long unixMs, ulong sequence, LedgerId ledger)
    {
        var high = ((ulong)unixMs << 16) | (Version << VersionShift) | ((sequence >> 30) & 0xFFF);
        var low = Variant | ((sequence & 0x3FFF_FFFF) << 32) | ledger.Value;
        return new(high, low);
    }

    /// <summary>Reads 16 bytes, most significant first.</summary>
    /// <exception cref="ArgumentException">Fewer than 16 bytes.</exception>
    public static TaskId Read(ReadOnlySpan<byte> source)
    {
        if (source.Length < Bytes) throw new ArgumentException($"A task id takes {Bytes} bytes, not {source.Length}.", nameof(source));
        return new(BinaryPrimitives.ReadUInt64BigEndian(source), BinaryPrimitives.ReadUInt64BigEndian(source[8..]));
    }

    /// <summary>Writes 16 bytes, most significant first, so that byte order is id order.</summary>
    public void WriteTo(Span<byte> target)
    {
        BinaryPrimitives.WriteUInt64BigEndian(target, _high);
        BinaryPrimitives.WriteUInt64BigEndian(target[8..], _low);
    }

    /// <summary>The 16 bytes of the id, most significant first.</summary>
    public byte[] ToByteArray()
    {
        var bytes = new byte[Bytes];
        WriteTo(bytes);
        return bytes;
    }

    /// <summary>The same id as a <see cref="Guid"/>.</summary>
    public Guid ToGuid()
    {
        Span<byte> bytes = stackalloc byte[Bytes];
        WriteTo(bytes);
        return new Guid(bytes, bigEndian: true);
    }

    /// <inheritdoc/>
    public int CompareTo(TaskId other)
    {
        var high = _high.CompareTo(other._high);
        return high != 0 ? high : _low.CompareTo(other._low);
    }

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        // The sequence and the ledger vary most; one multiplication spreads them (Knuth's multiplicative hashing).
        var mixed = (_high ^ (_low << 7)) * 0x9E37_79B9_7F4A_7C15;
        return (int)((mixed ^ _low) >> 32);
    }

    /// <summary>The usual form: 8-4-4-4-12 hexadecimal digits.</summary>
    public override string ToString() => ToGuid().ToString("D");

    /// <inheritdoc/>
    public static TaskId Parse(ReadOnlySpan<char> s, IFormatProvider? provider = null) =>
        TryParse(s, provider, out var id) ? id : throw new FormatException("A task id is a UUID of version 7: 8-4-4-4-12 hexadecimal digits.");

    /// <inheritdoc/>
    public static bool TryParse(ReadOnlySpan<char> s, IFormatProvider? provider, out TaskId result)
    {
        result = default;
        if (!Guid.TryParseExact(s, "D", out var guid)) return false;
        Span<byte> bytes = stackalloc byte[Bytes];
        guid.TryWriteBytes(bytes, bigEndian: true, out _);
        result = Read(bytes);
        return ((result._high >> VersionShift) & 0xF) == Version;
    }

    /// <inheritdoc/>
    public static TaskId Parse(string s, IFormatProvider? provider = null)
    {
        ArgumentNullException.ThrowIfNull(s);
        return Parse(s.AsSpan(), provider);
    }

    /// <inheritdoc/>
    public static bool TryParse([NotNullWhen(true)] string? s, IFormatProvider? provider, out TaskId result) => TryParse(s.AsSpan(), provider, out result);

#pragma warning disable CS1591 // the operators say what they say
    public static bool operator <(TaskId left, TaskId right) => left.CompareTo(right) < 0;
    public static bool operator >(TaskId left, TaskId right) => left.CompareTo(right) > 0;
    public static bool operator <=(TaskId left, TaskId right) => left.CompareTo(right) <= 0;
    public static bool operator >=(TaskId left, TaskId right) => left.CompareTo(right) >= 0;
#pragma warning restore CS1591
}
