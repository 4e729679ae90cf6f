using System.Net;
using System.Net.Sockets;

namespace Rqml.FaultProxy;

/// <summary>A port of this machine that nobody listens at.</summary>
internal static class FreePort
{
    // Below those that Linux gives out by itself (32,768 to 60,999): between the answer and whoever listens then, nobody else comes by one. Processes begin at different places, and go on from there.
    private const int First = 15_000;
    private const int Count = 17_000;
    private const int Stride = 7_919;
    private static int s_last = Environment.ProcessId * Stride % Count;

    public static int Next()
    {
        for (var tries = Count; ; tries--)
        {
            var port = First + (int)((uint)Interlocked.Increment(ref s_last) % Count);
            using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            try
            {
                socket.Bind(new IPEndPoint(IPAddress.Loopback, port));
                return port;
            }
            catch (SocketException) when (tries > 1)
            {
                // somebody has it
            }
        }
    }
}
