using System.Net;
using System.Net.Sockets;
using Rqml.Messaging;

namespace Rqml.Transports.ZeroMq;

/// <summary>
/// Connects and hangs up before ZeroMQ connects: a socket of ZeroMQ tries in silence, whether the machine has answered "nobody listens" or has not answered at all,
/// and it is the first of these that says that a process is gone.
/// </summary>
internal static class TcpProbe
{
    /// <summary>Where somebody listens.</summary>
    public static async ValueTask<IPEndPoint> FindAsync(Uri address, CancellationToken cancellationToken)
    {
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        try
        {
            await socket.ConnectAsync(new DnsEndPoint(address.DnsSafeHost, Math.Max(1, address.Port)), cancellationToken).ConfigureAwait(false);
            var found = (IPEndPoint)socket.RemoteEndPoint!;
            return found.Address.IsIPv4MappedToIPv6 ? new IPEndPoint(found.Address.MapToIPv4(), found.Port) : found;
        }
        catch (SocketException error)
        {
            if (error.SocketErrorCode == SocketError.ConnectionRefused) throw new ConnectionRefusedException(address.AbsoluteUri, error);
            throw new TransportException(address.AbsoluteUri, error.Message, error);
        }
    }
}
