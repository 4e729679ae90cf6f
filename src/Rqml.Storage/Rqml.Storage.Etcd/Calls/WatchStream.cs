using Grpc.Core;
using Rqml.Storage.Etcd.Endpoints;
using Rqml.Storage.Etcd.Protocol;

namespace Rqml.Storage.Etcd.Calls;

/// <summary>A stream of changes from one endpoint, and the connection that it holds open.</summary>
internal sealed class WatchStream(Endpoint endpoint, Connection connection, string? token, AsyncDuplexStreamingCall<WatchRequest, WatchResponse> call) : IDisposable
{
    public Endpoint Endpoint => endpoint;

    public Task CreateAsync(WatchCreateRequest request, CancellationToken cancellationToken) => call.RequestStream.WriteAsync(new WatchRequest { CreateRequest = request }, cancellationToken);

    /// <summary>The next part of the stream; null where it has ended.</summary>
    public async Task<WatchResponse?> NextAsync(CancellationToken cancellationToken) => await call.ResponseStream.MoveNext(cancellationToken).ConfigureAwait(false) ? call.ResponseStream.Current : null;

    /// <summary>The stream was refused, perhaps because its token is not known any more: etcd does not say which.</summary>
    public void ForgetToken()
    {
        if (token is not null) endpoint.Login!.Forget(token);
    }

    /// <summary>Nothing came when something had to.</summary>
    public void ReplaceConnection() => endpoint.Replace(connection);

    public void Dispose()
    {
        call.Dispose();
        connection.Leave();
    }
}
