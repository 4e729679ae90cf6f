using System.Net;
using System.Net.Sockets;

namespace Rqml.Transports.ZeroMq;

/// <summary>
/// Wakes a thread that waits for its sockets: a datagram socket that is connected to itself, so that one handle does and nobody else can write to it.
/// While the thread is at work, nothing is sent: a system call for each block would be most of its cost.
/// </summary>
internal sealed class Wake
{
    private const int AtWork = 0;
    private const int Waiting = 1;
    private const int Signalled = 2;
    private static readonly byte[] Signals = [1];
    private readonly byte[] _drained = new byte[1];
    private int _state = AtWork;

    public Wake()
    {
        Socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp) { Blocking = false };
        Socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        Socket.Connect(Socket.LocalEndPoint!);
    }

    /// <summary>Becomes readable when the thread is to wake.</summary>
    public Socket Socket { get; }

    /// <summary>The thread is about to wait, and whoever signals from now on wakes it. False: somebody has signalled since it was last awake, and it looks for work once more.</summary>
    public bool TryArm() => Interlocked.CompareExchange(ref _state, Waiting, AtWork) == AtWork;

    /// <summary>There is work, which was put where the thread looks for it before this.</summary>
    public void Signal()
    {
        if (Interlocked.Exchange(ref _state, Signalled) != Waiting) return;
        try
        {
            Socket.Send(Signals);
        }
        catch (Exception error) when (error is ObjectDisposedException or SocketException { SocketErrorCode: SocketError.WouldBlock })
        {
            // The thread has ended, or signals enough wait for it.
        }
    }

    /// <summary>The thread is awake, and looks for work after this.</summary>
    public void Clear()
    {
        Interlocked.Exchange(ref _state, AtWork);
        while (Socket.Available > 0) Socket.Receive(_drained);
    }

    /// <summary>The thread has ended.</summary>
    public void Close() => Socket.Dispose();
}
