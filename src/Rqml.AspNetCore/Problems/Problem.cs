using System.Globalization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Rqml.Storage;

namespace Rqml.AspNetCore.Problems;

/// <summary>The problem of each error.</summary>
internal static class Problem
{
    private static readonly TimeSpan AfterCrowd = TimeSpan.FromSeconds(1);      // submitters stand in line before this one
    private static readonly TimeSpan AfterRestart = TimeSpan.FromSeconds(5);

    /// <summary>Null where the error is none that a caller could do anything about.</summary>
    public static ProblemHttpResult? Of(Exception error, HttpContext context) => error switch
    {
        ProblemException refused => New(refused.Status, refused.Type, refused.Message),
        BadHttpRequestException { StatusCode: StatusCodes.Status413PayloadTooLarge } bad => New(bad.StatusCode, ProblemTypes.PayloadTooLarge, bad.Message),
        BadHttpRequestException bad => New(bad.StatusCode, ProblemTypes.InvalidRequest, bad.Message),
        UnknownTaskException => New(StatusCodes.Status404NotFound, ProblemTypes.UnknownTask, error.Message),
        UnknownTaskClassException => New(StatusCodes.Status404NotFound, ProblemTypes.UnknownTaskClass, error.Message),
        IdempotencyConflictException => New(StatusCodes.Status409Conflict, ProblemTypes.IdempotencyConflict, error.Message),
        PayloadTooLargeException => New(StatusCodes.Status413PayloadTooLarge, ProblemTypes.PayloadTooLarge, error.Message),
        SerializationFailedException { What: "payload" } unreadable => New(StatusCodes.Status400BadRequest, ProblemTypes.UnreadablePayload, $"The payload is none of its class: {unreadable.InnerException!.Message}"),
        SerializationFailedException => New(StatusCodes.Status500InternalServerError, ProblemTypes.UnreadableArtifact, "The artifact cannot be read by its class any more."),
        TooManyWaitingException => Full(AfterCrowd, context),
        ShuttingDownException => ShuttingDown(context),
        LedgerLostException => Later(StatusCodes.Status503ServiceUnavailable, ProblemTypes.LedgerLost, "The ledger has stopped; what was durable goes on after a restart.", AfterRestart, context),
        StoreCorruptException or StoreFailedException or ObjectDisposedException => Later(StatusCodes.Status503ServiceUnavailable, ProblemTypes.StoreUnreadable, "The node's store cannot be read now.", AfterRestart, context),
        ArgumentException => New(StatusCodes.Status400BadRequest, ProblemTypes.InvalidOptions, error.Message),
        _ => null,
    };

    public static ProblemHttpResult Full(TimeSpan retryAfter, HttpContext context) =>
        Later(StatusCodes.Status429TooManyRequests, ProblemTypes.LedgerFull, "The ledger has as many open tasks as it takes.", retryAfter, context);

    public static ProblemHttpResult ShuttingDown(HttpContext context) =>
        Later(StatusCodes.Status503ServiceUnavailable, ProblemTypes.ShuttingDown, "The host is stopping, and takes no more tasks. Submit again after the restart, under the same idempotency key.", AfterRestart, context);

    public static ProblemHttpResult Later(int status, string type, string detail, TimeSpan retryAfter, HttpContext context)
    {
        context.Response.Headers.RetryAfter = Math.Max(1, (long)Math.Ceiling(retryAfter.TotalSeconds)).ToString(CultureInfo.InvariantCulture);
        return New(status, type, detail);
    }

    public static ProblemHttpResult New(int status, string type, string detail) =>
        TypedResults.Problem(detail, statusCode: status, title: TitleOf(type), type: ProblemTypes.Prefix + type);

    /// <summary>The type in words: titles never vary with the case.</summary>
    private static string TitleOf(string type) => $"{char.ToUpperInvariant(type[0])}{type[1..].Replace('-', ' ')}";
}
