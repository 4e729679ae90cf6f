using NetMQ;
using NetMQ.Sockets;
using Rqml.Transports.ZeroMq;

namespace Rqml.Transports.Tests.ZeroMq;

/// <summary>Listens over a plain socket of ZeroMQ, for one peer.</summary>
internal sealed class RawListener : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);
    private readonly RouterSocket _socket = new();
    private byte[] _peer = [];

    public RawListener(Uri? address = null)
    {
        _socket.Options.Linger = TimeSpan.Zero;
        Address = address ?? new Uri($"zmq://127.0.0.1:{_socket.BindRandomPort("tcp://127.0.0.1")}/");
        if (address is not null) _socket.Bind($"tcp://{address.Host}:{address.Port}");
    }

    public Uri Address { get; }

    public (SessionMessageKind Kind, ulong Session) Receive()
    {
        NetMQMessage? message = null;
        Assert.True(_socket.TryReceiveMultipartMessage(Limit, ref message), "nothing came");
        _peer = message![0].ToByteArray();
        Assert.True(SessionMessage.TryRead(message[1].ToByteArray(), out var kind, out var session));
        return (kind, session);
    }

    public void Send(byte[] bytes) => _socket.SendMoreFrame(_peer).SendFrame(bytes);

    /// <summary>Answers the one who connects.</summary>
    public ulong Accept()
    {
        var (kind, session) = Receive();
        Assert.Equal(SessionMessageKind.Open, kind);
        Send(RawPeer.Bytes(SessionMessageKind.Opened, session));
        return session;
    }

    public void Dispose() => _socket.Dispose();
}
