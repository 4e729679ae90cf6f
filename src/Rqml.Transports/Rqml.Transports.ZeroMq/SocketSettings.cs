using System.Net;
using System.Net.Sockets;
using NetMQ;

namespace Rqml.Transports.ZeroMq;

/// <summary>What both kinds of socket have in common.</summary>
internal static class SocketSettings
{
    public static void Apply(SocketOptions options, IPEndPoint endPoint)
    {
        options.IPv4Only = endPoint.AddressFamily != AddressFamily.InterNetworkV6;
        options.MaxMsgSize = SessionMessage.HeaderBytes + ZeroMqTransport.MaxBlockBytes;      // a longer one ends its connection before anything is allocated for it
        options.SendHighWatermark = Window.HighWatermark;
        options.ReceiveHighWatermark = Window.HighWatermark;
    }
}
