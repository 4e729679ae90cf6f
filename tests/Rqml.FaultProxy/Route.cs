using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Net.Sockets;

namespace Rqml.FaultProxy;

/// <summary>Where a proxy listens, and where it connects to: two ports of this machine, or two Unix sockets.</summary>
internal sealed record Route(EndPoint Front, EndPoint Back)
{
    public static Route Tcp(int front, int back) => new(new IPEndPoint(IPAddress.Loopback, front), new IPEndPoint(IPAddress.Loopback, back));

    public static Route Unix(string front, string back) => new(new UnixDomainSocketEndPoint(front), new UnixDomainSocketEndPoint(back));

    [SuppressMessage("Reliability", "CA2000", Justification = "The caller disposes it.")]
    public Socket NewSocket() => Front.AddressFamily == AddressFamily.Unix
        ? new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified)
        : new Socket(Front.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
}
