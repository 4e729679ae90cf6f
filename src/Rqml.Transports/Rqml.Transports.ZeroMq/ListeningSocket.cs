using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using NetMQ;
using NetMQ.Sockets;

namespace Rqml.Transports.ZeroMq;

/// <summary>
/// The listening end of many links: a ROUTER. Its connections belong to its port: ZeroMQ ends them when it lets go of that. So the port stays open for as long as there are links, says
/// "refused" to whoever connects when no listener is there, and serves the next listener of the process at the address; without links it is closed at once.
/// </summary>
internal sealed class ListeningSocket : SocketThread
{
    private const int RouteBytes = 5;      // what ROUTER calls a connection that has not named itself: a zero and four bytes
    private static readonly ConcurrentDictionary<IPEndPoint, ListeningSocket> OfProcess = new();
    private readonly Dictionary<int, ZeroMqLink> _links = [];
    private readonly Lock _lock = new();
    private readonly List<TaskCompletionSource> _detaching = [];
    private ZeroMqListener? _listener;
    private bool _isClosing;

    private ListeningSocket(IPEndPoint endPoint, ZeroMqListener listener, TimeSpan closeTimeout) : base(closeTimeout)
    {
        EndPoint = endPoint;
        _listener = listener;
    }

    /// <summary>Where it listens: with the port that was taken.</summary>
    public IPEndPoint EndPoint { get; private set; }

    protected override IReadOnlyCollection<ZeroMqLink> Links => _links.Values;

    protected override (PollEvents Events, TimeSpan? Limit) Waits => (PollEvents.PollIn, null);

    /// <summary>The socket at the address, with the listener attached.</summary>
    /// <exception cref="NetMQException">The address is taken.</exception>
    public static async ValueTask<ListeningSocket> AttachAsync(IPEndPoint endPoint, ZeroMqListener listener, TimeSpan closeTimeout, CancellationToken cancellationToken)
    {
        while (OfProcess.TryGetValue(endPoint, out var living))
        {
            if (living.TryAttach(listener)) return living;
            await living.Over.WaitAsync(cancellationToken).ConfigureAwait(false);
        }

        var socket = new ListeningSocket(endPoint, listener, closeTimeout);
        await socket.StartAsync($"rqml zmq at {endPoint}").ConfigureAwait(false);
        return socket;
    }

    /// <summary>From when it ends, whoever connects is refused.</summary>
    public Task DetachAsync(ZeroMqListener listener)
    {
        var detached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_lock)
        {
            if (_listener != listener) return Task.CompletedTask;
            _listener = null;
            _detaching.Add(detached);
        }

        Signal();
        return Task.WhenAny(detached.Task, Over);
    }

    protected override NetMQSocket Open()
    {
        var socket = new RouterSocket();
        try
        {
            SocketSettings.Apply(socket.Options, EndPoint);
            socket.Options.RouterMandatory = true;      // else what cannot be sent is dropped in silence
            socket.Options.DisconnectMessage = SessionMessage.Gone;

            // A connection that ends before it has said who it is leaves its disconnect message to be read as its name. A second of that name would wait for ever behind the first,
            // 19 KB each (measured, 20 probes at once), unless the newer takes over.
            socket.Options.RouterHandover = true;
            socket.Bind($"tcp://{EndPoint}");
            var bound = socket.Options.LastEndpoint!;
            EndPoint = new IPEndPoint(EndPoint.Address, int.Parse(bound.AsSpan(bound.LastIndexOf(':') + 1), provider: null));
            OfProcess[EndPoint] = this;
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    protected override bool TrySend(NetMQSocket socket, ZeroMqLink link, ref Msg message) => TrySend(socket, link.Route, ref message);

    protected override bool TryReceive(NetMQSocket socket)
    {
        var route = default(Msg);
        route.InitEmpty();
        if (!socket.TryReceive(ref route, TimeSpan.Zero)) return false;
        var message = default(Msg);
        message.InitEmpty();
        var isWhole = route.HasMore && socket.TryReceive(ref message, TimeSpan.Zero) && !message.HasMore;
        var from = route.Slice();
        if (isWhole && from.Length == RouteBytes && from[0] == 0 && SessionMessage.TryRead(message.Slice(), out var kind, out var session)) Take(socket, from, kind, session, message);
        else Ignore(socket, ref message);
        route.Close();
        return true;
    }

    protected override bool Knows(ZeroMqLink link) => _links.TryGetValue(KeyOf(link.Route), out var known) && known == link;

    protected override void Forget(ZeroMqLink link) => _links.Remove(KeyOf(link.Route));

    protected override bool GoOn(NetMQSocket socket, bool isIdle)
    {
        lock (_lock)
        {
            _isClosing = _listener is null && _links.Count == 0;
            if (_isClosing) return false;
            foreach (var detached in _detaching) detached.TrySetResult();
            _detaching.Clear();
            return true;
        }
    }

    /// <summary>ZeroMQ closes the port some time after its socket. Until then the address is not free, and nobody is told that it is.</summary>
    protected override void AfterClose()
    {
        ZeroMqListener? listener;
        lock (_lock)
        {
            _isClosing = true;
            listener = _listener;
        }

        listener?.Fail();
        if (!OfProcess.TryGetValue(EndPoint, out var known) || known != this) return;
        for (var tries = 0; tries < 1_000 && !IsFree(EndPoint); tries++) Thread.Sleep(1);
        OfProcess.TryRemove(new(EndPoint, this));
    }

    private static bool IsFree(IPEndPoint endPoint)
    {
        using var socket = new Socket(endPoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.Bind(endPoint);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    private bool TryAttach(ZeroMqListener listener)
    {
        lock (_lock)
        {
            if (_isClosing) return false;
            if (_listener is not null) throw new AddressAlreadyInUseException("another node of this process listens there");
            _listener = listener;
            return true;
        }
    }

    private void Take(NetMQSocket socket, ReadOnlySpan<byte> route, SessionMessageKind kind, ulong session, Msg message)
    {
        _links.TryGetValue(KeyOf(route), out var link);
        if (link is not null && (link.Session == session || kind == SessionMessageKind.Gone))
        {
            Deliver(socket, link, kind, message);
            return;
        }

        message.Close();
        if (kind == SessionMessageKind.Gone) return;
        if (kind == SessionMessageKind.Open && link is null)
        {
            Open(socket, route, session);
            return;
        }

        ZeroMqInstruments.Ignored();
        if (kind is SessionMessageKind.Block or SessionMessageKind.Credit or SessionMessageKind.Open) Answer(socket, route.ToArray(), SessionMessageKind.Close, session);
    }

    private void Open(NetMQSocket socket, ReadOnlySpan<byte> route, ulong session)
    {
        ZeroMqListener? listener;
        lock (_lock) listener = _listener;
        var link = new ZeroMqLink(this, session, route.ToArray(), $"zmq://{EndPoint}/#{session:x}");
        switch (listener?.Offer(link))
        {
            case true:
                _links.Add(KeyOf(route), link);
                Say(socket, link, SessionMessageKind.Opened);
                break;
            case false:
                ZeroMqInstruments.Ignored();      // it may try again; whether it was reached it does not learn
                break;
            default:
                Answer(socket, link.Route, SessionMessageKind.Refused, session);
                break;
        }
    }

    private static void Ignore(NetMQSocket socket, ref Msg message)
    {
        while (message.HasMore && socket.TryReceive(ref message, TimeSpan.Zero)) { }
        message.Close();
        ZeroMqInstruments.Ignored();
    }

    private static void Answer(NetMQSocket socket, byte[] route, SessionMessageKind kind, ulong session)
    {
        var message = SessionMessage.Of(kind, session);
        if (!TrySend(socket, route, ref message)) message.Close();
    }

    private static bool TrySend(NetMQSocket socket, byte[] route, ref Msg message)
    {
        try
        {
            var to = default(Msg);
            to.InitGC(route, route.Length);
            return socket.TrySend(ref to, TimeSpan.Zero, more: true) && socket.TrySend(ref message, TimeSpan.Zero, more: false);
        }
        catch (HostUnreachableException)
        {
            return false;      // it went away just now
        }
    }

    private static int KeyOf(ReadOnlySpan<byte> route) => BinaryPrimitives.ReadInt32LittleEndian(route[1..]);
}
