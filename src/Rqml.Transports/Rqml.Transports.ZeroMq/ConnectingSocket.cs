using System.Net;
using System.Security.Cryptography;
using NetMQ;
using NetMQ.Sockets;

namespace Rqml.Transports.ZeroMq;

/// <summary>
/// The connecting end of one link: a DEALER that connects once. It attaches when it is connected and detaches when that is over, and never connects again: so it can be written to exactly while
/// its peer is there, and another process at the same address is another link.
/// </summary>
internal sealed class ConnectingSocket : SocketThread
{
    private static readonly TimeSpan WatchEvery = TimeSpan.FromMilliseconds(200);      // ZeroMQ wakes nobody when a peer goes
    private readonly IPEndPoint _endPoint;
    private readonly TaskCompletionSource<SessionMessageKind> _answer = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly List<ZeroMqLink> _links;      // the one, until it has ended
    private volatile bool _isConnected;
    private volatile bool _isGivenUp;

    public ConnectingSocket(IPEndPoint endPoint, string peer, TimeSpan closeTimeout) : base(closeTimeout)
    {
        _endPoint = endPoint;
        Link = new ZeroMqLink(this, BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(sizeof(ulong))), [], peer);
        _links = [Link];
    }

    public ZeroMqLink Link { get; }

    /// <summary>Whether there was a connection. Where the port was closed under it, there never will be, and ZeroMQ does not say so.</summary>
    public bool IsConnected => _isConnected;

    protected override IReadOnlyCollection<ZeroMqLink> Links => _links;

    protected override (PollEvents Events, TimeSpan? Limit) Waits => (_isConnected ? PollEvents.PollIn : PollEvents.PollIn | PollEvents.PollOut, WatchEvery);

    /// <summary>What the other end answers: <see cref="SessionMessageKind.Opened"/>, <see cref="SessionMessageKind.Refused"/>, or <see cref="SessionMessageKind.Gone"/> where the connection ended first.</summary>
    public Task<SessionMessageKind> Answer => _answer.Task;

    public Task StartAsync() => StartAsync($"rqml zmq to {_endPoint}");

    /// <summary>Nobody wants the link that did not come to be.</summary>
    public Task GiveUpAsync()
    {
        _isGivenUp = true;
        Signal();
        return Over;
    }

    protected override NetMQSocket Open()
    {
        var socket = new DealerSocket();
        try
        {
            SocketSettings.Apply(socket.Options, _endPoint);
            socket.Options.DelayAttachOnConnect = true;
            socket.Options.ReconnectInterval = TimeSpan.FromMilliseconds(-1);      // never
            socket.Connect($"tcp://{_endPoint}");
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    protected override bool TrySend(NetMQSocket socket, ZeroMqLink link, ref Msg message) => socket.TrySend(ref message, TimeSpan.Zero, more: false);

    protected override bool TryReceive(NetMQSocket socket)
    {
        var message = default(Msg);
        message.InitEmpty();
        if (!socket.TryReceive(ref message, TimeSpan.Zero)) return false;
        if (_links.Count > 0 && SessionMessage.TryRead(message.Slice(), out var kind, out var session) && (session == Link.Session || kind == SessionMessageKind.Gone)) Take(socket, kind, message);
        else message.Close();
        return true;
    }

    protected override bool GoOn(NetMQSocket socket, bool isIdle)
    {
        var isThere = isIdle ? socket.HasOut : _isConnected;
        if (!_isConnected && isThere)
        {
            _isConnected = true;
            Say(socket, Link, SessionMessageKind.Open);
        }
        else if (_isConnected && !isThere && _links.Count > 0 && !TryReceive(socket))
        {
            End(Link, GoneCause);
        }

        return _links.Count > 0 && !_isGivenUp;
    }

    protected override bool Knows(ZeroMqLink link) => _links.Count > 0;

    protected override void Forget(ZeroMqLink link)
    {
        _links.Clear();
        _answer.TrySetResult(SessionMessageKind.Gone);
    }

    private void Take(NetMQSocket socket, SessionMessageKind kind, Msg message)
    {
        if (kind is SessionMessageKind.Opened or SessionMessageKind.Refused && _answer.TrySetResult(kind))
        {
            message.Close();
            if (kind == SessionMessageKind.Refused) End(Link, "nobody listens there");
        }
        else
        {
            Deliver(socket, Link, kind, message);
        }
    }
}
