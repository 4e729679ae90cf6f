using NetMQ;
using NetMQ.Sockets;
using Rqml.Transports.ZeroMq;

namespace Rqml.Transports.Tests.ZeroMq;

/// <summary>A peer that says what a test wants it to say, over a plain socket of ZeroMQ.</summary>
internal sealed class RawPeer : IDisposable
{
    public const ulong Session = 42;
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);
    private readonly DealerSocket _socket = new();

    public RawPeer(Uri listener, byte[]? name = null)
    {
        _socket.Options.Linger = TimeSpan.FromSeconds(1);
        if (name is not null) _socket.Options.Identity = name;
        _socket.Connect($"tcp://{listener.Host}:{listener.Port}");
    }

    public static byte[] Bytes(SessionMessageKind kind, ulong session = Session, params byte[] rest)
    {
        var message = SessionMessage.Of(kind, session);
        byte[] bytes = [.. message.Slice(), .. rest];
        message.Close();
        return bytes;
    }

    public void Send(params byte[][] parts) => _socket.SendMultipartBytes(parts);

    public void Send(SessionMessageKind kind, ulong session = Session) => Send(Bytes(kind, session));

    public (SessionMessageKind Kind, ulong Session) Receive()
    {
        Assert.True(_socket.TryReceiveFrameBytes(Limit, out var bytes), "no answer came");
        Assert.True(SessionMessage.TryRead(bytes, out var kind, out var session));
        return (kind, session);
    }

    /// <summary>The next that is no credit.</summary>
    public (SessionMessageKind Kind, ulong Session) ReceiveAnswer()
    {
        var answer = Receive();
        while (answer.Kind == SessionMessageKind.Credit) answer = Receive();
        return answer;
    }

    public void Open()
    {
        Send(SessionMessageKind.Open);
        Assert.Equal((SessionMessageKind.Opened, Session), Receive());
    }

    public void Dispose() => _socket.Dispose();
}
