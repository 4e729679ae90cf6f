using System.Runtime.InteropServices;
using System.Text.Json.Serialization;

namespace Quickstart.Learning;

/// <summary>An immutable list of floats. Two are equal when every bit is; in JSON they are base64 of little-endian bytes.</summary>
[JsonConverter(typeof(WeightsConverter))]
public sealed class Weights(ReadOnlySpan<float> values) : IEquatable<Weights>
{
    private readonly float[] _values = values.ToArray();

    public static Weights None { get; } = new([]);

    public int Count => _values.Length;

    public ReadOnlySpan<float> Span => _values;

    /// <summary>A copy to work on.</summary>
    public float[] ToArray() => [.. _values];

    // Bits, not values: 0 and -0 differ and NaN equals itself, so that "equal" means "continues in exactly the same way".
    public bool Equals(Weights? other) => other is not null && Bytes.SequenceEqual(other.Bytes);

    public override bool Equals(object? obj) => Equals(obj as Weights);

    public override int GetHashCode()
    {
        var hash = new HashCode();
        hash.AddBytes(Bytes);
        return hash.ToHashCode();
    }

    private ReadOnlySpan<byte> Bytes => MemoryMarshal.AsBytes(_values.AsSpan());
}
