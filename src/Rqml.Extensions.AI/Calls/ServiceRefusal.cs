using System.ClientModel;
using System.ClientModel.Primitives;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;

namespace Rqml.Extensions.AI.Calls;

/// <summary>What a client's error says of its service: the HTTP status, whether the call was one too many, and how long the service asks to be spared.</summary>
internal static class ServiceRefusal
{
    /// <summary>Status of the HTTP response that the error tells of; null where there was none.</summary>
    public static int? StatusOf(Exception error)
    {
        for (var one = error; one is not null; one = one.InnerException)
        {
            if (one is ClientResultException { Status: > 0 and var status }) return status;
            if (one is HttpRequestException { StatusCode: { } code }) return (int)code;
        }

        return null;
    }

    /// <summary>Whether the call was refused for load: status 429 or 503, or a client that says so itself. An account without money left is not that, whatever its status.</summary>
    public static bool IsForLoad(Exception error, DateTimeOffset now, out TimeSpan? retryAfter)
    {
        retryAfter = null;
        for (var one = error; one is not null; one = one.InnerException)
        {
            switch (one)
            {
                case ModelOverloadedException said:
                    retryAfter = said.RetryAfter;
                    return true;
                case ClientResultException { Status: 429 or 503 } refused:
                    var response = refused.GetRawResponse();
                    retryAfter = response is null ? null : RetryAfter(response.Headers, now);
                    return !IsOutOfQuota(response);
                case HttpRequestException { StatusCode: HttpStatusCode.TooManyRequests or HttpStatusCode.ServiceUnavailable }:
                    return true;
            }
        }

        return false;
    }

    /// <summary>The milliseconds that some services say beside the header of RFC 9110, section 10.2.3, which has seconds or a date.</summary>
    private static TimeSpan? RetryAfter(PipelineResponseHeaders headers, DateTimeOffset now)
    {
        if (headers.TryGetValue("retry-after-ms", out var text) && double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var ms) && ms is >= 0 and < 86_400_000) return TimeSpan.FromMilliseconds(ms);
        if (!headers.TryGetValue("Retry-After", out text) || !RetryConditionHeaderValue.TryParse(text, out var after)) return null;
        return after.Delta ?? (after.Date is { } date ? date - now : null);
    }

    /// <summary>OpenAI says with the status of a load that is too high that there is no money left, and will say so until there is.</summary>
    private static bool IsOutOfQuota(PipelineResponse? response)
    {
        try
        {
            using var body = response?.Content is { } content ? JsonDocument.Parse(content) : null;
            return body is not null && body.RootElement.ValueKind == JsonValueKind.Object && body.RootElement.TryGetProperty("error", out var error) && error.ValueKind == JsonValueKind.Object
                && error.TryGetProperty("code", out var code) && code.ValueKind == JsonValueKind.String && code.ValueEquals("insufficient_quota");
        }
        catch (Exception unread) when (unread is JsonException or InvalidOperationException)
        {
            return false;      // no JSON, or a body that was never buffered: nothing is known but the status
        }
    }
}
