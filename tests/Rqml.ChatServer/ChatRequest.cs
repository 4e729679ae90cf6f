using System.Text.Json;

namespace Rqml.ChatServer;

/// <summary>What a client asked for.</summary>
/// <param name="Number">Of the request among all that the server has had, from 1.</param>
/// <param name="Model">The model that was named.</param>
/// <param name="Messages">What was said, oldest first.</param>
/// <param name="Streams">Whether the answer is wanted piece by piece.</param>
/// <param name="Body">All of the request.</param>
public sealed record ChatRequest(int Number, string Model, IReadOnlyList<ChatTurn> Messages, bool Streams, JsonElement Body)
{
    /// <summary>Text of the last message.</summary>
    public string Last => Messages[^1].Text;

    /// <summary>The schema that the answer is to follow; null where none was sent.</summary>
    public JsonElement? Schema => Body.TryGetProperty("response_format", out var format) && format.TryGetProperty("json_schema", out var json) && json.TryGetProperty("schema", out var schema) ? schema : null;

    internal bool WantsUsage => !Streams || (Body.TryGetProperty("stream_options", out var options) && options.TryGetProperty("include_usage", out var wants) && wants.GetBoolean());

    internal static ChatRequest Read(int number, JsonElement body) => new(
        number, body.GetProperty("model").GetString()!, [.. body.GetProperty("messages").EnumerateArray().Select(ChatTurn.Read)],
        body.TryGetProperty("stream", out var streams) && streams.GetBoolean(), body);
}

/// <summary>One message.</summary>
/// <param name="Role">Who said it: "system", "user", "assistant".</param>
/// <param name="Text">What was said.</param>
public sealed record ChatTurn(string Role, string Text)
{
    internal static ChatTurn Read(JsonElement message) => new(message.GetProperty("role").GetString()!, message.GetProperty("content") switch
    {
        { ValueKind: JsonValueKind.String } text => text.GetString()!,
        var parts => string.Concat(parts.EnumerateArray().Select(part => part.GetProperty("text").GetString())),
    });
}
