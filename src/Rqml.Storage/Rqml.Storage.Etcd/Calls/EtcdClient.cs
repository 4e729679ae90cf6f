using Grpc.Core;
using Rqml.Cluster;
using Rqml.Storage.Etcd.Endpoints;
using Rqml.Storage.Etcd.Protocol;

namespace Rqml.Storage.Etcd.Calls;

/// <summary>Makes one call: at the endpoint in turn, as the user, within its time; says what it came to, and makes it again only where that is sound.</summary>
internal sealed class EtcdClient(string name, EndpointSet endpoints, TimeSpan timeout, TimeProvider time, CancellationToken closing)
{
    /// <summary>What errors call the store.</summary>
    public string Name => name;

    public EndpointSet Endpoints => endpoints;

    /// <summary>As <see cref="TryAskAsync"/>, for calls whose failures all mean the same to whoever asks.</summary>
    public async Task<T> AskAsync<T>(Repeat repeat, Func<Connection, CallOptions, Task<T>> call, CancellationToken cancellationToken)
        where T : class, IAnswer
    {
        var (answer, failure) = await TryAskAsync(repeat, call, cancellationToken).ConfigureAwait(false);
        return failure is null ? answer! : throw ErrorOf(failure);
    }

    /// <summary>The answer, or what came instead.</summary>
    /// <exception cref="OperationCanceledException">The caller has cancelled; whether the call was carried out is not known.</exception>
    /// <exception cref="ObjectDisposedException">The store was closed meanwhile; likewise.</exception>
    public async Task<(T? Answer, Failure? Failure)> TryAskAsync<T>(Repeat repeat, Func<Connection, CallOptions, Task<T>> call, CancellationToken cancellationToken)
        where T : class, IAnswer
    {
        // One endpoint is asked twice where that is harmless: a connection may have died since the last call without anybody noticing.
        var attempts = repeat == Repeat.Harmless ? Math.Max(2, endpoints.Count) : endpoints.Count;
        List<Failure> failures = [];
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            ObjectDisposedException.ThrowIf(closing.IsCancellationRequested, typeof(EtcdCoordinationStore));
            var endpoint = endpoints.Current;
            var (answer, failure) = await CallAsync(endpoint, call, cancellationToken).ConfigureAwait(false);
            if (failure is null) return (answer, null);
            switch (failure.Kind)
            {
                case FailureKind.Refused or FailureKind.StaleToken:
                    endpoints.Refused(endpoint, failure);      // by all alike: no other is asked
                    return (null, failure);
                case FailureKind.NeverSent or FailureKind.NoAnswer:
                    endpoints.Failed(endpoint, failure);
                    failures.Add(failure with { Cause = $"{endpoint.Address}: {failure.Cause}" });
                    if (failures.Count < attempts && (repeat == Repeat.Harmless || failure.Kind == FailureKind.NeverSent)) continue;
                    return (null, failure with { Cause = string.Join("; ", failures.Select(failed => failed.Cause).Distinct()) });
                default:
                    return (null, failure);
            }
        }
    }

    /// <summary>What a caller of the store hears of it.</summary>
    public Exception ErrorOf(Failure failure) => failure.Kind is FailureKind.Refused or FailureKind.StaleToken
        ? new CoordinationRefusedException(name, failure.Refusal, failure.Cause, failure.Error)
        : new CoordinationUnavailableException(name, failure.Cause, failure.Error);

    /// <summary>Opens a stream that lives for as long as it likes, and leaves its connection open meanwhile. Whoever takes it disposes of it.</summary>
    public async Task<WatchStream> OpenWatchAsync(Endpoint endpoint, CancellationToken cancellationToken)
    {
        var connection = endpoint.Enter();
        try
        {
            using var late = new CancellationTokenSource(timeout, time);
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, late.Token);
            var token = endpoint.Login is { } login ? await login.TokenAsync(connection, limit.Token).ConfigureAwait(false) : null;
            var headers = Headers(token);
            headers.Add("hasleader", "true");      // ends the stream where the member has lost its cluster, instead of leaving it silent
            return new WatchStream(endpoint, connection, token, connection.Watches.Watch(new CallOptions(headers, cancellationToken: cancellationToken)));
        }
        catch
        {
            connection.Leave();
            throw;
        }
    }

    private async Task<(T? Answer, Failure? Failure)> CallAsync<T>(Endpoint endpoint, Func<Connection, CallOptions, Task<T>> call, CancellationToken cancellationToken)
        where T : class, IAnswer
    {
        using var late = new CancellationTokenSource(timeout, time);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, closing, late.Token);
        for (var isAgain = false; ; isAgain = true)
        {
            var connection = endpoint.Enter();
            string? token = null;
            var isSent = false;
            try
            {
                if (endpoint.Login is { } login) token = await login.TokenAsync(connection, limit.Token).ConfigureAwait(false);
                isSent = true;
                var answer = await call(connection, new CallOptions(Headers(token), cancellationToken: limit.Token)).ConfigureAwait(false);
                endpoints.Answered(endpoint, answer.Header);
                return (answer, null);
            }
            catch (OtherClusterException error)
            {
                return (null, new Failure(FailureKind.Refused, error.Message, error, CoordinationRefusal.OtherCluster));
            }
            catch (Exception error) when (error is RpcException or InvalidAnswerException or IOException or OperationCanceledException)
            {
                cancellationToken.ThrowIfCancellationRequested();
                ObjectDisposedException.ThrowIf(closing.IsCancellationRequested, typeof(EtcdCoordinationStore));
                var failure = Failure.Of(error, late.IsCancellationRequested ? timeout : null);
                if (failure.Kind == FailureKind.NoAnswer && !isSent) failure = failure with { Kind = FailureKind.NeverSent };      // what failed was the login
                if (failure.Kind == FailureKind.StaleToken && token is not null && !isAgain)
                {
                    endpoint.Login!.Forget(token);
                    continue;
                }

                if (late.IsCancellationRequested) endpoint.Replace(connection);
                return (null, failure);
            }
            finally
            {
                connection.Leave();
            }
        }
    }

    private static Metadata Headers(string? token) => string.IsNullOrEmpty(token) ? [] : new Metadata { { "token", token } };
}
