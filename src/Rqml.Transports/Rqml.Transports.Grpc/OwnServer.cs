using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Rqml.Messaging;
using Rqml.Transports.Grpc.Links;
using Rqml.Transports.Grpc.Tasks;

namespace Rqml.Transports.Grpc;

/// <summary>A node's own server: Kestrel at an address of its own. Once it is disposed it listens no more, and lives on until its last link ends.</summary>
internal sealed class OwnServer : IListener
{
    private const int ConnectionWindowBytes = 8 << 20;

    private readonly LinkInbox _inbox;
    private readonly Socket _socket;
    private readonly Endings _endings;
    private WebApplication? _server;

    private OwnServer(LinkInbox inbox, Socket socket, Endings endings) => (_inbox, _socket, _endings) = (inbox, socket, endings);

    public Uri Address => _inbox.Address;

    public static async ValueTask<IListener> StartAsync(Uri address, GrpcOptions options, IServiceProvider? services, Endings endings, CancellationToken cancellationToken)
    {
        var socket = await BindAsync(address, cancellationToken).ConfigureAwait(false);
        var port = ((IPEndPoint)socket.LocalEndPoint!).Port;
        var listener = new OwnServer(new LinkInbox(new UriBuilder(GrpcTransport.SchemeName, options.AdvertisedHost ?? address.Host, port).Uri), socket, endings);
        try
        {
            listener._server = listener.Build(options, services);
            await listener._server.StartAsync(cancellationToken).ConfigureAwait(false);
            return listener;
        }
        catch (Exception error)
        {
            await listener.DisposeAsync().ConfigureAwait(false);
            if (error is IOException or SocketException) throw new TransportException(address.AbsoluteUri, $"it cannot be listened at: {error.Message}", error);
            throw;
        }
    }

    public ValueTask<ILink> AcceptAsync(CancellationToken cancellationToken) => _inbox.AcceptAsync(cancellationToken);

    public async ValueTask DisposeAsync()
    {
        _socket.Dispose();      // Kestrel takes that for the end of its listening
        await _inbox.CloseAsync().ConfigureAwait(false);
        if (Interlocked.Exchange(ref _server, null) is { } server) _endings.Add(atOnce => StopAsync(server, atOnce));
    }

    private static async ValueTask<Socket> BindAsync(Uri address, CancellationToken cancellationToken)
    {
        Socket? socket = null;
        try
        {
            var host = IPAddress.TryParse(address.DnsSafeHost, out var known) ? known : (await Dns.GetHostAddressesAsync(address.DnsSafeHost, cancellationToken).ConfigureAwait(false))[0];
            socket = new Socket(host.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            socket.Bind(new IPEndPoint(host, Math.Max(0, address.Port)));
            return socket;
        }
        catch (SocketException error)
        {
            socket?.Dispose();
            throw new TransportException(address.AbsoluteUri, $"it cannot be listened at: {error.Message}", error);
        }
    }

    private WebApplication Build(GrpcOptions options, IServiceProvider? services)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseSockets(sockets => sockets.CreateBoundListenSocket = _ => _socket).ConfigureKestrel(Configure);
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = Timeout.InfiniteTimeSpan);
        if (options.UseLargeReceiveBuffers) builder.Services.AddSingleton<IMemoryPoolFactory<byte>, ReceiveBufferPoolFactory>();
        builder.Services.AddLinkService(_ => _inbox, allowsPlaintext: static _ => true);      // the options were asked before it listened
        if (services is not null) builder.Services.AddNodeService(_ => services);
        var server = builder.Build();
        server.MapGrpcService<LinkService>();
        if (services is not null) server.MapGrpcService<NodeService>();
        return server;
    }

    private void Configure(KestrelServerOptions kestrel)
    {
        kestrel.Limits.Http2.InitialStreamWindowSize = GrpcConnection.StreamWindowBytes;
        kestrel.Limits.Http2.InitialConnectionWindowSize = ConnectionWindowBytes;
        kestrel.Limits.Http2.KeepAlivePingDelay = GrpcConnection.KeepAlive;
        kestrel.Limits.Http2.KeepAlivePingTimeout = GrpcConnection.KeepAlive;
        kestrel.Limits.MinResponseDataRate = null;      // a link that nobody reads waits; that is no fault of its other end's
        kestrel.Listen((IPEndPoint)_socket.LocalEndPoint!, listen => listen.Protocols = HttpProtocols.Http2);
    }

    /// <summary>Returns when the last link has ended.</summary>
    private static async Task StopAsync(WebApplication server, CancellationToken atOnce)
    {
        await using (server.ConfigureAwait(false))
        {
            await server.StopAsync(atOnce).ConfigureAwait(false);
        }
    }
}
