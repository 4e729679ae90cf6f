using System.Buffers.Binary;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Quickstart.Learning;

/// <summary>
/// Writes floats as base64 of little-endian bytes: exact to the bit, and half the size of digits, since a checkpoint is
/// written in every iteration.
/// </summary>
public sealed class WeightsConverter : JsonConverter<Weights>
{
    public override Weights Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        if (reader.TokenType != JsonTokenType.String || !reader.TryGetBytesFromBase64(out var bytes) || bytes.Length % sizeof(float) != 0)
        {
            throw new JsonException("Weights must be the base64 text of whole 4-byte floats.");
        }

        var values = new float[bytes.Length / sizeof(float)];
        for (var i = 0; i < values.Length; i++)
        {
            values[i] = BinaryPrimitives.ReadSingleLittleEndian(bytes.AsSpan(i * sizeof(float)));
        }

        return new Weights(values);
    }

    public override void Write(Utf8JsonWriter writer, Weights value, JsonSerializerOptions options)
    {
        ArgumentNullException.ThrowIfNull(writer);
        ArgumentNullException.ThrowIfNull(value);
        var bytes = new byte[value.Count * sizeof(float)];
        for (var i = 0; i < value.Count; i++)
        {
            BinaryPrimitives.WriteSingleLittleEndian(bytes.AsSpan(i * sizeof(float)), value.Span[i]);
        }

        writer.WriteBase64StringValue(bytes);
    }
}
