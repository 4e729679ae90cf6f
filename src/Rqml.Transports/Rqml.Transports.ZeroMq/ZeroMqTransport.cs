using System.Net;
using System.Net.Sockets;
using NetMQ;
using Rqml.Messaging;

namespace Rqml.Transports.ZeroMq;

/// <summary>Links over ZeroMQ's TCP transport: a ROUTER that listens, a DEALER for each link that connects, one message a block.</summary>
internal sealed class ZeroMqTransport(ZeroMqOptions options) : ITransport
{
    public const string SchemeName = "zmq";
    public const int MaxBlockBytes = 4 << 20;
    private static readonly TimeSpan AskAgainAfter = TimeSpan.FromMilliseconds(100);

    public string Scheme => SchemeName;

    public TransportCapabilities Capabilities { get; } = new(MaxBlockBytes, IsLocal: false, IsEncrypted: false);

    public Uri AddressFor(string node, bool isOwn) => isOwn ? options.ListenUri : new UriBuilder(options.ListenUri) { Port = 0 }.Uri;

    public async ValueTask<IListener> ListenAsync(Uri address, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(address);
        cancellationToken.ThrowIfCancellationRequested();
        try
        {
            var host = IPAddress.TryParse(address.DnsSafeHost, out var known) ? known : (await Dns.GetHostAddressesAsync(address.DnsSafeHost, cancellationToken).ConfigureAwait(false))[0];
            var listener = new ZeroMqListener();
            var socket = await ListeningSocket.AttachAsync(new IPEndPoint(host, Math.Max(0, address.Port)), listener, options.CloseTimeout, cancellationToken).ConfigureAwait(false);
            listener.Begin(socket, new UriBuilder(SchemeName, options.AdvertisedHost ?? address.Host, socket.EndPoint.Port).Uri);
            return listener;
        }
        catch (Exception error) when (error is NetMQException or SocketException)
        {
            throw new TransportException(address.AbsoluteUri, $"it cannot be listened at: {error.Message}", error);
        }
    }

    public async ValueTask<ILink> ConnectAsync(Uri address, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(address);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(options.ConnectTimeout);
        try
        {
            return await OpenAsync(address, await TcpProbe.FindAsync(address, limit.Token).ConfigureAwait(false), limit.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException error)
        {
            cancellationToken.ThrowIfCancellationRequested();
            throw new TransportException(address.AbsoluteUri, $"nobody answered within {options.ConnectTimeout.TotalSeconds} s", error);
        }
    }

    private async ValueTask<ILink> OpenAsync(Uri address, IPEndPoint endPoint, CancellationToken cancellationToken)
    {
        ConnectingSocket? socket = null;
        var isOpen = false;
        try
        {
            socket = new ConnectingSocket(endPoint, address.AbsoluteUri, options.CloseTimeout);
            await socket.StartAsync().ConfigureAwait(false);
            while (!await IsAnsweredAsync(socket, cancellationToken).ConfigureAwait(false))
            {
                if (!socket.IsConnected) await TcpProbe.FindAsync(address, cancellationToken).ConfigureAwait(false);
            }

            switch (await socket.Answer.ConfigureAwait(false))
            {
                case SessionMessageKind.Opened:
                    isOpen = true;
                    return socket.Link;
                case SessionMessageKind.Refused:
                    throw new ConnectionRefusedException(address.AbsoluteUri);
            }

            await TcpProbe.FindAsync(address, cancellationToken).ConfigureAwait(false);      // it was there a moment ago: is its process gone?
            throw new TransportException(address.AbsoluteUri, "it hung up before the link was open");
        }
        catch (Exception error) when (error is NetMQException or SocketException)
        {
            throw new TransportException(address.AbsoluteUri, error.Message, error);
        }
        finally
        {
            if (!isOpen && socket is not null) await socket.GiveUpAsync().ConfigureAwait(false);
        }
    }

    private static async ValueTask<bool> IsAnsweredAsync(ConnectingSocket socket, CancellationToken cancellationToken)
    {
        try
        {
            await socket.Answer.WaitAsync(AskAgainAfter, cancellationToken).ConfigureAwait(false);
            return true;
        }
        catch (TimeoutException)
        {
            return false;
        }
    }
}
