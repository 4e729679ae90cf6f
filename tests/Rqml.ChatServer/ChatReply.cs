using System.Globalization;

namespace Rqml.ChatServer;

/// <summary>What the server answers, and what goes wrong on the way. Immutable.</summary>
public sealed record ChatReply
{
    private ChatReply() { }

    /// <summary>What the model says.</summary>
    public string Text { get; private init; } = "";

    /// <summary>Status of the response.</summary>
    public int Status { get; private init; } = 200;

    /// <summary>The header Retry-After; null: none.</summary>
    public string? RetryAfter { get; private init; }

    /// <summary>The body of the response, as it is; null: as the protocol has it.</summary>
    public string? Body { get; private init; }

    /// <summary>Why the answer ends.</summary>
    public string Finish { get; init; } = "stop";

    /// <summary>Tokens of the prompt; null: its words.</summary>
    public int? InputTokens { get; init; }

    /// <summary>Of these, tokens that were cached.</summary>
    public int CachedTokens { get; init; }

    /// <summary>Tokens of the answer; null: its words.</summary>
    public int? OutputTokens { get; init; }

    /// <summary>Whether the response tells of tokens.</summary>
    public bool HasUsage { get; init; } = true;

    /// <summary>Pieces of a stream after which it ends without a word; null: all of them.</summary>
    public int? EndsAfter { get; init; }

    /// <summary>Pieces of a stream after which the connection is reset; null: it stays.</summary>
    public int? BreaksAfter { get; init; }

    /// <summary>Waited for before each piece of a stream, counted from 0, and before a whole answer, as piece 0.</summary>
    public Func<int, CancellationToken, Task> Before { get; init; } = (_, _) => Task.CompletedTask;

    /// <summary>An answer.</summary>
    public static ChatReply Say(string text) => new() { Text = text };

    /// <summary>A refusal for load: status 429 or another.</summary>
    public static ChatReply Refuse(TimeSpan? retryAfter = null, int status = 429) => new() { Status = status, RetryAfter = retryAfter?.TotalSeconds.ToString(CultureInfo.InvariantCulture), Body = Error("rate_limit_exceeded") };

    /// <summary>A refusal with a header of one's own making.</summary>
    public static ChatReply RefuseUntil(string retryAfter) => new() { Status = 429, RetryAfter = retryAfter, Body = Error("rate_limit_exceeded") };

    /// <summary>An error of the service, with this code in its body.</summary>
    public static ChatReply Fail(int status, string code = "server_error") => new() { Status = status, Body = Error(code) };

    /// <summary>A response of status 200 that is not what the protocol has.</summary>
    public static ChatReply Garbage(string body) => new() { Body = body };

    /// <summary>Its pieces: words with the space before them.</summary>
    internal IReadOnlyList<string> Pieces => [.. Text.Split(' ').Select((word, place) => place == 0 ? word : $" {word}")];

    /// <summary>What services say is at times more than a log should have.</summary>
    private static string Error(string code) => $$$"""{"error":{"message":"the request said: secret words","type":"error","code":"{{{code}}}"}}""";
}
