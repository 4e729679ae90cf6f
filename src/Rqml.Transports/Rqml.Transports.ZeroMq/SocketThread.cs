using System.Collections.Concurrent;
using System.Diagnostics;
using NetMQ;

namespace Rqml.Transports.ZeroMq;

/// <summary>
/// A socket of ZeroMQ and the one thread that may touch it: sends what links post, hands them what comes, and looks after their ends. ZeroMQ's own poller with its queue was
/// measured at a third of this, as it wakes for each message.
/// </summary>
internal abstract class SocketThread(TimeSpan closeTimeout)
{
    protected const string GoneCause = "the other end is gone";
    private const int MostReceivedAtOnce = 64;      // then it is the turn of what waits to be sent
    private static readonly TimeSpan Linger = TimeSpan.FromSeconds(1);
    private readonly ConcurrentQueue<Outgoing> _outgoing = new();
    private readonly Wake _wake = new();
    private readonly NetMQSelector _selector = new();
    private readonly List<(ZeroMqLink Link, long Since)> _closing = [];      // wait for the other end's answer
    private readonly List<ZeroMqLink> _ended = [];
    private readonly TaskCompletionSource _opened = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _over = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile bool _isOver;

    /// <summary>Ends with the thread, when the socket's handles are free.</summary>
    public Task Over => _over.Task;

    /// <summary>Sends a message of a link after those that were posted before; the message is the thread's from now on. What belongs to no link any more is dropped.</summary>
    public void Post(ZeroMqLink link, SessionMessageKind kind, Msg message)
    {
        _outgoing.Enqueue(new Outgoing(link, kind, message));
        if (_isOver) Discard();
        else _wake.Signal();
    }

    /// <summary>Starts the thread, and returns when its socket is open.</summary>
    protected Task StartAsync(string name)
    {
        MessageBuffers.Install();
        new Thread(Run) { IsBackground = true, Name = name }.Start();
        return _opened.Task;
    }

    protected void Signal() => _wake.Signal();

    /// <summary>Makes the socket, on its thread.</summary>
    protected abstract NetMQSocket Open();

    /// <summary>Sends one message; false where whoever it is for cannot take it, which leaves the message to the caller.</summary>
    protected abstract bool TrySend(NetMQSocket socket, ZeroMqLink link, ref Msg message);

    /// <summary>Receives one message, and deals with it.</summary>
    protected abstract bool TryReceive(NetMQSocket socket);

    /// <summary>Whether the link has not ended here.</summary>
    protected abstract bool Knows(ZeroMqLink link);

    protected abstract void Forget(ZeroMqLink link);

    /// <summary>Every link that has not ended.</summary>
    protected abstract IReadOnlyCollection<ZeroMqLink> Links { get; }

    /// <summary>Looks around, after each turn; false ends the thread.</summary>
    protected abstract bool GoOn(NetMQSocket socket, bool isIdle);

    /// <summary>What it waits for at the socket, and how long at most.</summary>
    protected abstract (PollEvents Events, TimeSpan? Limit) Waits { get; }

    /// <summary>The socket is closed.</summary>
    protected virtual void AfterClose() { }

    /// <summary>Deals with what belongs to a link.</summary>
    protected void Deliver(NetMQSocket socket, ZeroMqLink link, SessionMessageKind kind, Msg message)
    {
        switch (kind)
        {
            case SessionMessageKind.Block:
                if (!link.Received(message)) Break(socket, link, "the other end sends more than it was granted");
                return;
            case SessionMessageKind.Credit:
                if (!link.Granted(SessionMessage.UsedUp(message.Slice()))) Break(socket, link, "the other end has used up what was never sent");
                break;
            case SessionMessageKind.Close:
                Say(socket, link, SessionMessageKind.Closed);
                End(link, "the other end closed it");
                break;
            case SessionMessageKind.Closed or SessionMessageKind.Gone:
                End(link, GoneCause);
                break;
            default:
                Break(socket, link, $"the other end says {kind} out of turn");
                break;
        }

        message.Close();
    }

    protected void Say(NetMQSocket socket, ZeroMqLink link, SessionMessageKind kind)
    {
        var message = SessionMessage.Of(kind, link.Session);
        if (!TrySend(socket, link, ref message)) message.Close();
    }

    protected void End(ZeroMqLink link, string cause)
    {
        link.Close(cause);
        Forget(link);
        _ended.Add(link);
    }

    private void Break(NetMQSocket socket, ZeroMqLink link, string cause)
    {
        Say(socket, link, SessionMessageKind.Close);
        link.Close(cause, isViolation: true);
        End(link, cause);
    }

    private void Run()
    {
        NetMQSocket? socket = null;
        var cause = GoneCause;
        ZeroMqInstruments.SocketOpened();
        try
        {
            socket = Open();
            socket.Options.Linger = Linger;
            _opened.TrySetResult();
            Loop(socket);
        }
        catch (TerminatingException error)
        {
            cause = "NetMQ was shut down";
            _opened.TrySetException(error);
        }
        catch (Exception error)
        {
            // The outermost: nobody else hears what goes wrong on this thread, and the process must not end of it. Its links end, and who uses them knocks again.
            cause = error.Message;
            _opened.TrySetException(error);
        }

        _isOver = true;
        foreach (var link in Links.ToArray()) End(link, cause);
        socket?.Dispose();
        Discard();
        AfterClose();
        _wake.Close();
        ZeroMqInstruments.SocketClosed();
        foreach (var link in _ended) link.End();
        _over.TrySetResult();
    }

    private void Loop(NetMQSocket socket)
    {
        NetMQSelector.Item[] items = [];
        while (true)
        {
            SendPosted(socket);
            var received = 0;
            while (received < MostReceivedAtOnce && TryReceive(socket)) received++;
            GiveUpClosing();
            if (!GoOn(socket, isIdle: received == 0)) return;
            foreach (var link in _ended) link.End();
            _ended.Clear();
            if (received > 0) continue;

            if (_wake.TryArm())
            {
                var (events, limit) = Waits;
                if (items.Length == 0 || items[0].Event != events) items = [new(socket, events), new(_wake.Socket, PollEvents.PollIn)];
                if (_closing.Count > 0 && (limit is null || limit > closeTimeout)) limit = closeTimeout;
                _selector.Select(items, items.Length, limit is { } most ? (long)most.TotalMilliseconds : -1);
            }

            _wake.Clear();
        }
    }

    private void SendPosted(NetMQSocket socket)
    {
        while (_outgoing.TryDequeue(out var outgoing))
        {
            var (link, kind, message) = outgoing;
            if (Knows(link) && TrySend(socket, link, ref message))
            {
                if (kind == SessionMessageKind.Close) _closing.Add((link, Stopwatch.GetTimestamp()));
                continue;
            }

            message.Close();
            if (Knows(link)) End(link, GoneCause);
        }
    }

    private void GiveUpClosing()
    {
        for (var i = _closing.Count - 1; i >= 0; i--)
        {
            var (link, since) = _closing[i];
            var isKnown = Knows(link);
            if (isKnown && Stopwatch.GetElapsedTime(since) < closeTimeout) continue;
            if (isKnown) End(link, "the other end did not answer");
            _closing.RemoveAt(i);
        }
    }

    private void Discard()
    {
        while (_outgoing.TryDequeue(out var outgoing)) outgoing.Message.Close();
    }

    private readonly record struct Outgoing(ZeroMqLink Link, SessionMessageKind Kind, Msg Message);
}
