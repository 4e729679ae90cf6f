using System.Net;
using System.Net.Sockets;
using Rqml.Messaging;

namespace Rqml.Transports.Tcp;

/// <summary>Links over TCP.</summary>
internal sealed class TcpTransport(TcpOptions options) : ITransport
{
    public const string SchemeName = "tcp";

    public string Scheme => SchemeName;

    public TransportCapabilities Capabilities { get; } = new(SocketLink.MaxBlockBytes, IsLocal: false, IsEncrypted: false);

    public Uri AddressFor(string node, bool isOwn) => isOwn ? options.ListenUri : new UriBuilder(options.ListenUri) { Port = 0 }.Uri;

    public async ValueTask<IListener> ListenAsync(Uri address, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(address);
        cancellationToken.ThrowIfCancellationRequested();
        Socket? socket = null;
        try
        {
            var host = IPAddress.TryParse(address.DnsSafeHost, out var known) ? known : (await Dns.GetHostAddressesAsync(address.DnsSafeHost, cancellationToken).ConfigureAwait(false))[0];
            socket = new Socket(host.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            socket.Bind(new IPEndPoint(host, Math.Max(0, address.Port)));
            socket.Listen();
            var port = ((IPEndPoint)socket.LocalEndPoint!).Port;
            return new SocketListener(socket, new UriBuilder(SchemeName, options.AdvertisedHost ?? address.Host, port).Uri);
        }
        catch (SocketException error)
        {
            socket?.Dispose();
            throw new TransportException(address.AbsoluteUri, $"it cannot be listened at: {error.Message}", error);
        }
    }

    public ValueTask<ILink> ConnectAsync(Uri address, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(address);
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        return SocketConnection.OpenAsync(socket, new DnsEndPoint(address.DnsSafeHost, Math.Max(1, address.Port)), address, options.ConnectTimeout, cancellationToken);
    }
}
