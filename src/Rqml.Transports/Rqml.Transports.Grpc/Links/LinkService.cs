using System.Net;
using Grpc.AspNetCore.Server.Model;
using Grpc.Core;
using Microsoft.AspNetCore.Http;

namespace Rqml.Transports.Grpc.Links;

/// <summary>Serves <c>rqml.v1.Fabric</c>: hands the links that others open to whoever listens.</summary>
/// <param name="inbox">The inbox of whoever listens now; null: nobody does.</param>
/// <param name="allowsPlaintext">Whether links may come in the clear from other machines.</param>
internal sealed class LinkService(Func<LinkInbox?> inbox, Func<bool> allowsPlaintext)
{
    public async Task LinkAsync(IAsyncStreamReader<BlockMessage> incoming, IServerStreamWriter<BlockMessage> outgoing, ServerCallContext context)
    {
        if (IsPlaintextFromElsewhere(context.GetHttpContext()) && !allowsPlaintext()) throw new RpcException(new Status(StatusCode.PermissionDenied, "This server takes links in the clear from its own machine alone: AllowPlaintext is false."));
        if (inbox() is not { IsClosed: false } open) throw new RpcException(new Status(StatusCode.Unavailable, "No node listens here."), new Metadata { { LinkMethod.RefusedTrailer, "1" } });
        if (open.IsFull) throw new RpcException(new Status(StatusCode.ResourceExhausted, "Too many links wait to be taken."));
        await context.WriteResponseHeadersAsync(new Metadata { { LinkMethod.AcceptedHeader, "1" } }).ConfigureAwait(false);      // the other end waits for them, and takes the link for open
        var connection = context.GetHttpContext().Connection;
        var link = new AcceptedLink($"{connection.RemoteIpAddress}:{connection.RemotePort}", incoming, outgoing, context);
        if (open.TryOffer(link)) await link.RunAsync(context.CancellationToken).ConfigureAwait(false);
    }

    /// <summary>Where the host's server listens is not ours to say; what comes over it is.</summary>
    private static bool IsPlaintextFromElsewhere(HttpContext http) => !http.Request.IsHttps && http.Connection.LocalIpAddress is { } local && !IPAddress.IsLoopback(local);
}

/// <summary>Tells ASP.NET Core of the method, which no generated class does: its marshaller is ours.</summary>
internal sealed class LinkMethodProvider : IServiceMethodProvider<LinkService>
{
    public void OnServiceMethodDiscovery(ServiceMethodProviderContext<LinkService> context) =>
        context.AddDuplexStreamingMethod(LinkMethod.Instance, [], static (service, incoming, outgoing, call) => service.LinkAsync(incoming, outgoing, call));
}
