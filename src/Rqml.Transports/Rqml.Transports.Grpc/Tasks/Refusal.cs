using System.Globalization;
using Grpc.Core;

namespace Rqml.Transports.Grpc.Tasks;

/// <summary>The status of each error, as rqml.proto names them.</summary>
internal static class Refusal
{
    /// <summary>When to try again, in milliseconds.</summary>
    public const string RetryAfterTrailer = "retry-after-ms";

    /// <summary>The same, for clients with a retry policy of gRPC's (proposal A6).</summary>
    private const string PushbackTrailer = "grpc-retry-pushback-ms";

    private static readonly TimeSpan AfterCrowd = TimeSpan.FromSeconds(1);      // submitters stand in line before this one: longer than where there is only no room

    public static RpcException Full(TimeSpan retryAfter) => ResourceExhausted("The ledger has as many open tasks as it takes.", retryAfter);

    /// <summary>Null where the error is none that a caller could do anything about.</summary>
    public static RpcException? Of(Exception error) => error switch
    {
        UnknownTaskException or UnknownTaskClassException => New(StatusCode.NotFound, error),
        IdempotencyConflictException => New(StatusCode.AlreadyExists, error),
        TooManyWaitingException => ResourceExhausted(error.Message, AfterCrowd),
        ShuttingDownException or LedgerLostException => New(StatusCode.Unavailable, error),
        ArgumentException or PayloadTooLargeException or SerializationFailedException => New(StatusCode.InvalidArgument, error),
        OperationCanceledException => New(StatusCode.Cancelled, error),
        InvalidOperationException => New(StatusCode.FailedPrecondition, error),
        RqmlException => New(StatusCode.Internal, error),
        _ => null,
    };

    private static RpcException New(StatusCode code, Exception error) => new(new Status(code, error.Message, error));

    private static RpcException ResourceExhausted(string why, TimeSpan retryAfter)
    {
        var ms = ((long)retryAfter.TotalMilliseconds).ToString(CultureInfo.InvariantCulture);
        return new RpcException(new Status(StatusCode.ResourceExhausted, why), new Metadata { { RetryAfterTrailer, ms }, { PushbackTrailer, ms } });
    }
}
