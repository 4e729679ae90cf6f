using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Rqml;

/// <summary>The serializers that come with Rqml.</summary>
public static class ValueSerializer
{
    /// <summary>Bytes as they are.</summary>
    public static IValueSerializer<ReadOnlyMemory<byte>> Raw { get; } = new RawMemory();

    /// <summary>Bytes as they are, in arrays.</summary>
    public static IValueSerializer<byte[]> RawArray { get; } = new RawBytes();

    /// <summary>JSON by source-generated metadata.</summary>
    public static IValueSerializer<T> Json<T>(JsonTypeInfo<T> typeInfo)
    {
        ArgumentNullException.ThrowIfNull(typeInfo);
        return new JsonValue<T>(typeInfo);
    }

    /// <summary>Whether it writes JSON, as far as we know: of a user's own serializer we do not.</summary>
    internal static bool IsJson<T>(IValueSerializer<T> serializer) => serializer is JsonValue<T>;

    [RequiresUnreferencedCode("JSON by reflection.")]
    [RequiresDynamicCode("JSON by reflection.")]
    internal static IValueSerializer<T> ByReflection<T>()
    {
        if (typeof(T) == typeof(ReadOnlyMemory<byte>)) return (IValueSerializer<T>)Raw;
        if (typeof(T) == typeof(byte[])) return (IValueSerializer<T>)RawArray;
        return new JsonValue<T>((JsonTypeInfo<T>)JsonSerializerOptions.Default.GetTypeInfo(typeof(T)));
    }

    private sealed class RawMemory : IValueSerializer<ReadOnlyMemory<byte>>
    {
        public void Serialize(ReadOnlyMemory<byte> value, IBufferWriter<byte> target) => target.Write(value.Span);

        public ReadOnlyMemory<byte> Deserialize(ReadOnlyMemory<byte> source) => source;
    }

    private sealed class RawBytes : IValueSerializer<byte[]>
    {
        public void Serialize(byte[] value, IBufferWriter<byte> target) => target.Write(value);

        public byte[] Deserialize(ReadOnlyMemory<byte> source) => source.ToArray();
    }

    private sealed class JsonValue<T>(JsonTypeInfo<T> typeInfo) : IValueSerializer<T>
    {
        public void Serialize(T value, IBufferWriter<byte> target)
        {
            using var writer = new Utf8JsonWriter(target);
            JsonSerializer.Serialize(writer, value, typeInfo);
        }

        public T Deserialize(ReadOnlyMemory<byte> source) =>
            JsonSerializer.Deserialize(source.Span, typeInfo) ?? throw new JsonException("The value is null.");
    }
}
