using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;
using Microsoft.Extensions.AI;

namespace Rqml.Extensions.AI.Answers;

/// <summary>JSON by the schema of a type. What is no object stands in the property of one, as services ask for.</summary>
internal sealed class JsonShape<T> : AnswerShape<T>
{
    private const string Wrapper = "answer";
    private const string Fence = "```";
    private static readonly AIJsonSchemaCreateOptions AsServicesWant = new()
    {
        TransformOptions = new AIJsonSchemaTransformOptions { DisallowAdditionalProperties = true, RequireAllProperties = true },
    };

    private readonly JsonTypeInfo<T> _type;
    private readonly bool _isWrapped;

    public JsonShape(JsonSerializerOptions json)
    {
        _type = (JsonTypeInfo<T>)json.GetTypeInfo(typeof(T));
        var schema = AIJsonUtilities.CreateJsonSchema(typeof(T), serializerOptions: json, inferenceOptions: AsServicesWant);
        _isWrapped = !IsOfObject(schema);
        if (_isWrapped) schema = Wrap(schema);
        Format = ChatResponseFormat.ForJsonSchema(schema, _isWrapped ? Wrapper : null);
        Wanted = $"Answer with one JSON value of this schema and nothing else:\n{schema.GetRawText()}";
    }

    /// <summary>The usual options, but a member that is missing or null is refused rather than left at its default.</summary>
    public static JsonSerializerOptions Strict { get; } = MakeStrict();

    public override ChatResponseFormat Format { get; }

    public override string Wanted { get; }

    public override string Show(T value) => JsonSerializer.Serialize(value, _type);

    [SuppressMessage("Design", "CA1031", Justification = "Whatever a type throws at what it is to be made of says that the answer will not do.")]
    public override AnswerFault? Read(string text, out T value)
    {
        value = default!;
        try
        {
            using var document = JsonDocument.Parse(WithoutFence(text));
            var root = document.RootElement;
            if (_isWrapped && !(root.ValueKind == JsonValueKind.Object && root.TryGetProperty(Wrapper, out root))) return new AnswerFault($"it has no property '{Wrapper}'", $"There is no property '{Wrapper}'.");
            if (root.Deserialize(_type) is not { } read) return new AnswerFault("it is null", "It is null.");
            value = read;
            return null;
        }
        catch (JsonException error)
        {
            var where = error.LineNumber is { } line ? $", from line {line + 1}, byte {error.BytePositionInLine + 1} on" : "";
            return new AnswerFault($"it is no JSON of the type {typeof(T).Name}{where}", error.Message);
        }
        catch (Exception error)
        {
            // A constructor or a setter that refuses a value, or a kind that is not named: as much the answer's fault as a bracket that is missing.
            return new AnswerFault($"it makes no {typeof(T).Name} ({error.GetType().Name})", error.Message);
        }
    }

    /// <summary>Some models put what they write between fences of Markdown, whatever they are asked for.</summary>
    private static ReadOnlyMemory<char> WithoutFence(string text)
    {
        var trimmed = text.AsMemory().Trim();
        if (!trimmed.Span.StartsWith(Fence) || !trimmed.Span[Fence.Length..].EndsWith(Fence)) return trimmed;
        var line = trimmed.Span.IndexOf('\n');
        return line < 0 ? trimmed : trimmed[(line + 1)..^Fence.Length];
    }

    private static bool IsOfObject(JsonElement schema) =>
        schema.ValueKind == JsonValueKind.Object && schema.TryGetProperty("type", out var type) && type.ValueKind == JsonValueKind.String && type.ValueEquals("object");

    private static JsonElement Wrap(JsonElement schema)
    {
        var wrapped = new JsonObject
        {
            ["type"] = "object",
            ["properties"] = new JsonObject { [Wrapper] = JsonNode.Parse(schema.GetRawText()) },
            ["required"] = new JsonArray((JsonNode)Wrapper),
            ["additionalProperties"] = false,
        };
        return JsonDocument.Parse(wrapped.ToJsonString()).RootElement.Clone();
    }

    private static JsonSerializerOptions MakeStrict()
    {
        var strict = new JsonSerializerOptions(AIJsonUtilities.DefaultOptions) { RespectRequiredConstructorParameters = true, RespectNullableAnnotations = true, WriteIndented = false };
        strict.MakeReadOnly();
        return strict;
    }
}
