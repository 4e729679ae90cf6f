using System.Buffers;

namespace Rqml;

/// <summary>Turns values into bytes and back. Implementations are thread-safe; equal values should give equal bytes, as artifacts are known by their content.</summary>
public interface IValueSerializer<T>
{
    /// <summary>Writes the value.</summary>
    void Serialize(T value, IBufferWriter<byte> target);

    /// <summary>Reads a value from exactly these bytes, which may be kept: they never change.</summary>
    T Deserialize(ReadOnlyMemory<byte> source);
}
