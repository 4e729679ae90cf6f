using System.Security.Authentication;
using Grpc.Core;
using Rqml.Cluster;
using Rqml.Storage.Etcd.Endpoints;

namespace Rqml.Storage.Etcd.Calls;

/// <summary>What a call came to instead of an answer, by what may be done about it.</summary>
internal enum FailureKind
{
    /// <summary>Nothing was sent: any call may be made again.</summary>
    NeverSent,

    /// <summary>It may have been carried out: only what is harmless twice may be made again.</summary>
    NoAnswer,

    /// <summary>It was not carried out, for the token is not known any more, or there was none.</summary>
    StaleToken,

    /// <summary>The server will say the same until somebody changes something.</summary>
    Refused,

    /// <summary>It was not carried out, for the lease is gone.</summary>
    LeaseGone,

    /// <summary>The revision that was asked for is no longer kept.</summary>
    Compacted,

    /// <summary>The answer is longer than we take.</summary>
    TooLong,
}

/// <param name="Kind">What may be done about it.</param>
/// <param name="Cause">For whoever reads an error or a log.</param>
/// <param name="Error">As it was thrown.</param>
/// <param name="Refusal">What was refused, where something was.</param>
internal sealed record Failure(FailureKind Kind, string Cause, Exception Error, CoordinationRefusal Refusal = default)
{
    private const int LongestCause = 300;

    /// <param name="error">Whatever the call has thrown.</param>
    /// <param name="late">How long was waited, where the time was over; else null.</param>
    public static Failure Of(Exception error, TimeSpan? late) => error switch
    {
        _ when NeverSent(error) is { } cause => new Failure(FailureKind.NeverSent, Shown(cause), error),
        _ when late is { } waited => new Failure(FailureKind.NoAnswer, $"no answer within {waited.TotalSeconds} s", error),
        RpcException said => OfStatus(said),
        _ => new Failure(FailureKind.NoAnswer, Shown(error.Message), error),
    };

    private static Failure OfStatus(RpcException error)
    {
        var said = error.Status.Detail;
        return error.StatusCode switch
        {
            StatusCode.NotFound when said == EtcdStatus.LeaseGone => new Failure(FailureKind.LeaseGone, said, error),
            StatusCode.OutOfRange when said == EtcdStatus.Compacted => new Failure(FailureKind.Compacted, said, error),
            StatusCode.Unauthenticated when said == EtcdStatus.StaleToken => new Failure(FailureKind.StaleToken, said, error, CoordinationRefusal.Authentication),
            StatusCode.InvalidArgument when said is EtcdStatus.StaleUsers or EtcdStatus.NoUser => new Failure(FailureKind.StaleToken, said, error, CoordinationRefusal.Authentication),
            StatusCode.InvalidArgument when said == EtcdStatus.WrongPassword => Refused(CoordinationRefusal.Authentication),
            StatusCode.PermissionDenied => Refused(CoordinationRefusal.Permission),
            StatusCode.InvalidArgument when said is EtcdStatus.TooLarge or EtcdStatus.TooManyOperations => Refused(CoordinationRefusal.TooLarge),
            StatusCode.ResourceExhausted when said == EtcdStatus.NoSpace => Refused(CoordinationRefusal.NoSpace),
            StatusCode.ResourceExhausted when said.StartsWith(EtcdStatus.LongerThanServerTakes, StringComparison.Ordinal) => Refused(CoordinationRefusal.TooLarge),
            StatusCode.ResourceExhausted when said.StartsWith(EtcdStatus.LongerThanWeTake, StringComparison.Ordinal) => new Failure(FailureKind.TooLong, $"an answer of more than {Connection.MaxAnswerBytes} bytes", error),
            StatusCode.Unimplemented => new Failure(FailureKind.NoAnswer, $"whoever listens there is no etcd of version 3.4 or later ({Shown(said)})", error),
            _ => new Failure(FailureKind.NoAnswer, $"{error.StatusCode}: {Shown(said)}", error),
        };

        Failure Refused(CoordinationRefusal refusal) => new(FailureKind.Refused, Shown(said), error, refusal);
    }

    /// <summary>Why there was no connection; null where there was one, or where that is not sure.</summary>
    private static string? NeverSent(Exception error)
    {
        for (Exception? at = error; at is not null; at = at is RpcException { Status.DebugException: { } below } ? below : at.InnerException)
        {
            switch (at)
            {
                case NotConnectedException:
                    return at.Message;
                case HttpRequestException { HttpRequestError: HttpRequestError.SecureConnectionError }:
                    return $"TLS was refused: {(at.InnerException is AuthenticationException inner ? inner.Message : at.Message)}";
                case HttpRequestException { HttpRequestError: HttpRequestError.NameResolutionError }:
                    return "no such host is known";
            }
        }

        return null;
    }

    /// <summary>What others have said goes into logs: in one line, and not at any length.</summary>
    private static string Shown(string text)
    {
        var shown = text.Length > LongestCause ? text[..LongestCause] + "…" : text;
        return string.Concat(shown.Select(character => char.IsControl(character) ? ' ' : character)).TrimEnd('.', ' ');
    }
}
