using System.Net;
using System.Net.Sockets;
using Rqml.Messaging;

namespace Rqml.Transports.Tcp;

/// <summary>Connects a socket, and tells "nobody listens there" from "nobody knows".</summary>
internal static class SocketConnection
{
    public static async ValueTask<ILink> OpenAsync(Socket socket, EndPoint endPoint, Uri address, TimeSpan timeout, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(timeout);
        try
        {
            await socket.ConnectAsync(endPoint, limit.Token).ConfigureAwait(false);
            return new SocketLink(socket, address.AbsoluteUri);
        }
        catch (SocketException error)
        {
            socket.Dispose();
            if (error.SocketErrorCode == SocketError.ConnectionRefused) throw new ConnectionRefusedException(address.AbsoluteUri, error);
            throw new TransportException(address.AbsoluteUri, error.Message, error);
        }
        catch (OperationCanceledException error)
        {
            socket.Dispose();
            cancellationToken.ThrowIfCancellationRequested();
            throw new TransportException(address.AbsoluteUri, $"nobody answered within {timeout.TotalSeconds} s", error);
        }
    }
}
