using System.Buffers;

namespace Rqml.Tasks;

/// <summary>Values to bytes of their own length: what the caller or a model does with its value later changes nothing.</summary>
internal static class ValueBytes
{
    private const int KeptBytes = 64 << 10;

    [ThreadStatic]
    private static ArrayBufferWriter<byte>? _scratch;

    /// <summary>Throws what the serializer throws.</summary>
    public static ReadOnlyMemory<byte> Of<T>(IValueSerializer<T> serializer, T value)
    {
        if (value is ReadOnlyMemory<byte> raw && ReferenceEquals(serializer, ValueSerializer.Raw)) return raw.ToArray();

        // A serializer may come back here, for a value within its value: it gets another.
        var scratch = _scratch ?? new ArrayBufferWriter<byte>(1_024);
        _scratch = null;
        serializer.Serialize(value, scratch);
        if (scratch.WrittenCount > KeptBytes) return scratch.WrittenMemory;      // large values are not copied twice, and their buffer is not kept
        var bytes = scratch.WrittenSpan.ToArray();
        scratch.ResetWrittenCount();
        _scratch = scratch;
        return bytes;
    }
}
