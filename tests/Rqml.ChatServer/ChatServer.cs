using System.Collections.Concurrent;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Rqml.ChatServer;

/// <summary>
/// An HTTP server on loopback that speaks as OpenAI's does, as far as a chat client and an embedding generator ask, and says what a script has it say. Nothing in it is drawn or timed:
/// the same requests get the same answers. Thread-safe.
/// </summary>
public sealed class ChatServer : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly Func<ChatRequest, ChatReply> _script;
    private readonly Func<int, ChatReply?> _embeddings;
    private readonly string? _key;
    private readonly ConcurrentQueue<ChatRequest> _requests = new();
    private int _numbers;
    private int _embedded;

    private ChatServer(WebApplication app, Func<ChatRequest, ChatReply> script, Func<int, ChatReply?> embeddings, string? key)
    {
        (_app, _script, _embeddings, _key) = (app, script, embeddings, key);
        app.MapPost("/v1/chat/completions", ChatAsync);
        app.MapPost("/v1/embeddings", EmbedAsync);
    }

    /// <summary>Where it listens: what a client takes for its endpoint.</summary>
    public Uri Endpoint => new($"{_app.Urls.Single()}/v1");

    /// <summary>What it was asked, oldest first.</summary>
    public IReadOnlyList<ChatRequest> Requests => [.. _requests];

    /// <summary>Requests for embeddings that it has had.</summary>
    public int Embedded => Volatile.Read(ref _embedded);

    /// <summary>Starts a server at a port that is free.</summary>
    /// <param name="script">What it answers; called by several requests at once.</param>
    /// <param name="embeddings">What it answers to the request of that number, from 1, in place of embeddings; default: embeddings.</param>
    /// <param name="key">The key that requests have to bring; default: none.</param>
    public static async Task<ChatServer> StartAsync(Func<ChatRequest, ChatReply> script, Func<int, ChatReply?>? embeddings = null, string? key = null)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = TimeSpan.FromMilliseconds(100));
        var server = new ChatServer(builder.Build(), script, embeddings ?? (_ => null), key);
        await server._app.StartAsync();
        return server;
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private async Task ChatAsync(HttpContext http)
    {
        if (!await IsAllowedAsync(http)) return;
        var request = ChatRequest.Read(Interlocked.Increment(ref _numbers), await JsonSerializer.DeserializeAsync<JsonElement>(http.Request.Body));
        _requests.Enqueue(request);
        var reply = _script(request);
        if (await IsFaultAsync(http, reply)) return;
        if (request.Streams) await StreamAsync(http, request, reply);
        else await WholeAsync(http, request, reply);
    }

    private async Task EmbedAsync(HttpContext http)
    {
        if (!await IsAllowedAsync(http)) return;
        var body = await JsonSerializer.DeserializeAsync<JsonElement>(http.Request.Body);
        if (_embeddings(Interlocked.Increment(ref _embedded)) is { } reply && await IsFaultAsync(http, reply)) return;
        var input = body.GetProperty("input");
        string[] texts = input.ValueKind == JsonValueKind.String ? [input.GetString()!] : [.. input.EnumerateArray().Select(text => text.GetString()!)];
        var isBase64 = body.TryGetProperty("encoding_format", out var format) && format.ValueEquals("base64");
        var data = texts.Select((text, index) => new { @object = "embedding", index, embedding = isBase64 ? (object)WordVector.ToBase64(text) : WordVector.Of(text) });
        var tokens = texts.Sum(CountWords);
        await http.Response.WriteAsJsonAsync(new { @object = "list", model = body.GetProperty("model").GetString(), data, usage = new { prompt_tokens = tokens, total_tokens = tokens } });
    }

    private async Task<bool> IsAllowedAsync(HttpContext http)
    {
        if (_key is null || http.Request.Headers.Authorization == $"Bearer {_key}") return true;
        http.Response.StatusCode = 401;
        await http.Response.WriteAsJsonAsync(new { error = new { message = "Incorrect API key provided.", type = "invalid_request_error", code = "invalid_api_key" } });
        return false;
    }

    private static async Task<bool> IsFaultAsync(HttpContext http, ChatReply reply)
    {
        if (reply.Body is not { } body) return false;
        http.Response.StatusCode = reply.Status;
        if (reply.RetryAfter is { } after) http.Response.Headers.RetryAfter = after;
        http.Response.ContentType = "application/json";
        await http.Response.WriteAsync(body);
        return true;
    }

    private static async Task WholeAsync(HttpContext http, ChatRequest request, ChatReply reply)
    {
        await reply.Before(0, http.RequestAborted);
        var choice = new { index = 0, message = new { role = "assistant", content = reply.Text }, finish_reason = reply.Finish };
        await http.Response.WriteAsJsonAsync(new { id = $"chat-{request.Number}", @object = "chat.completion", created = 0, model = request.Model, choices = new[] { choice }, usage = Usage(request, reply) });
    }

    private static async Task StreamAsync(HttpContext http, ChatRequest request, ChatReply reply)
    {
        http.Response.ContentType = "text/event-stream";
        await http.Response.Body.FlushAsync(http.RequestAborted);
        var number = 0;
        foreach (var piece in reply.Pieces)
        {
            if (number == reply.EndsAfter) return;
            if (number == reply.BreaksAfter)
            {
                http.Abort();
                return;
            }

            await reply.Before(number++, http.RequestAborted);
            await SendAsync(new[] { new { index = 0, delta = new { role = "assistant", content = piece }, finish_reason = (string?)null } }, null);
        }

        await SendAsync(new[] { new { index = 0, delta = new { }, finish_reason = reply.Finish } }, null);
        if (request.WantsUsage && reply.HasUsage) await SendAsync(Array.Empty<object>(), Usage(request, reply));
        await http.Response.WriteAsync("data: [DONE]\n\n", http.RequestAborted);

        async Task SendAsync(object choices, object? usage)
        {
            var chunk = new { id = $"chat-{request.Number}", @object = "chat.completion.chunk", created = 0, model = request.Model, choices, usage };
            await http.Response.WriteAsync($"data: {JsonSerializer.Serialize(chunk)}\n\n", http.RequestAborted);
            await http.Response.Body.FlushAsync(http.RequestAborted);
        }
    }

    private static object? Usage(ChatRequest request, ChatReply reply)
    {
        if (!reply.HasUsage) return null;
        var input = reply.InputTokens ?? request.Messages.Sum(message => CountWords(message.Text));
        var output = reply.OutputTokens ?? CountWords(reply.Text);
        return new { prompt_tokens = input, completion_tokens = output, total_tokens = input + output, prompt_tokens_details = new { cached_tokens = reply.CachedTokens } };
    }

    private static int CountWords(string text) => text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries).Length;
}
