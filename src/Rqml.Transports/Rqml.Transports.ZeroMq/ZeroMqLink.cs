using System.Buffers;
using System.Threading.Channels;
using NetMQ;
using Rqml.Messaging;

namespace Rqml.Transports.ZeroMq;

/// <summary>
/// One end of a session: what its user sees, and what the thread of its socket tells it. A block is copied once, into the message that ZeroMQ sends; a received one is handed out as it came.
/// </summary>
/// <param name="thread">Owns the socket.</param>
/// <param name="session">Its number, which the connecting end draws.</param>
/// <param name="route">What the listening end's socket calls the connection; empty at the connecting end.</param>
/// <param name="peer">Address of the other end, for people.</param>
internal sealed class ZeroMqLink(SocketThread thread, ulong session, byte[] route, string peer) : ILink
{
    private readonly Lock _lock = new();
    private readonly Channel<Msg> _received = Channel.CreateUnbounded<Msg>(new UnboundedChannelOptions { SingleWriter = true });      // bounded by the window
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private SendWindow _sends;
    private ReceiveWindow _receives;
    private TaskCompletionSource? _room;
    private Lease? _lease;
    private string? _cause;      // why it is closed
    private bool _isViolation;
    private bool _isDisposed;

    public PeerIdentity Peer { get; } = new(peer);

    public ulong Session => session;

    public byte[] Route => route;

    public ValueTask SendBlockAsync(ReadOnlySequence<byte> block, CancellationToken cancellationToken)
    {
        if (block.Length > ZeroMqTransport.MaxBlockBytes) throw new ArgumentException($"A block has at most {ZeroMqTransport.MaxBlockBytes} bytes, not {block.Length}.", nameof(block));
        cancellationToken.ThrowIfCancellationRequested();
        if (RoomFor(block) is { } room) return SendOnceThereIsAsync(room, block, cancellationToken);
        Send(block);
        return ValueTask.CompletedTask;
    }

    public async ValueTask<Block> ReceiveBlockAsync(CancellationToken cancellationToken)
    {
        try
        {
            var message = await _received.Reader.ReadAsync(cancellationToken).ConfigureAwait(false);
            return new Block(new ReadOnlySequence<byte>(message.SliceAsMemory()[SessionMessage.HeaderBytes..]), (_lease ??= new Lease(this)).Of(message));
        }
        catch (ChannelClosedException)
        {
            throw Closed();
        }
    }

    /// <summary>Returns once the other end has everything, or is gone, or has taken too long.</summary>
    public ValueTask DisposeAsync()
    {
        lock (_lock)
        {
            if (_isDisposed) return new ValueTask(_ended.Task);
            _isDisposed = true;
        }

        Close("this end closed it");
        while (_received.Reader.TryRead(out var unread)) unread.Close();
        thread.Post(this, SessionMessageKind.Close, SessionMessage.Of(SessionMessageKind.Close, session));
        return new ValueTask(_ended.Task);
    }

    /// <summary>A block has come; the message is the link's now. False: it is more than the other end was granted.</summary>
    public bool Received(Msg block)
    {
        lock (_lock)
        {
            if (!_receives.TryReceive(ChargeOf(block)))
            {
                block.Close();
                return false;
            }
        }

        if (!_received.Writer.TryWrite(block)) block.Close();      // its user has closed it
        return true;
    }

    /// <summary>The other end has used up so much. False: that cannot be.</summary>
    public bool Granted(long usedUp)
    {
        TaskCompletionSource? room;
        lock (_lock)
        {
            if (!_sends.TryReturn(usedUp)) return false;
            (room, _room) = (_room, null);
        }

        room?.TrySetResult();
        return true;
    }

    /// <summary>No block is sent any more, and none is received beside those that have come. The first cause is the one that is told.</summary>
    /// <param name="cause">Why.</param>
    /// <param name="isViolation">Whether the other end broke the session's protocol.</param>
    public void Close(string cause, bool isViolation = false)
    {
        TaskCompletionSource? room;
        lock (_lock)
        {
            _isViolation |= _cause is null && isViolation;
            _cause ??= cause;
            (room, _room) = (_room, null);
        }

        _received.Writer.TryComplete();
        room?.TrySetResult();
    }

    /// <summary>The socket's thread is done with it.</summary>
    public void End() => _ended.TrySetResult();

    /// <summary>Takes room for a block; where there is none, what ends when there may be.</summary>
    private Task? RoomFor(ReadOnlySequence<byte> block)
    {
        lock (_lock)
        {
            if (_cause is not null) throw Closed();
            if (_sends.TryTake(Window.ChargeOf(block.Length))) return null;
            return (_room ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
        }
    }

    private async ValueTask SendOnceThereIsAsync(Task room, ReadOnlySequence<byte> block, CancellationToken cancellationToken)
    {
        for (Task? awaited = room; awaited is not null; awaited = RoomFor(block)) await awaited.WaitAsync(cancellationToken).ConfigureAwait(false);
        Send(block);
    }

    private void Send(ReadOnlySequence<byte> block) => thread.Post(this, SessionMessageKind.Block, SessionMessage.OfBlock(session, block));

    private void UsedUp(long charge)
    {
        long usedUp;
        lock (_lock)
        {
            if (!_receives.UseUp(charge, out usedUp) || _cause is not null) return;
        }

        thread.Post(this, SessionMessageKind.Credit, SessionMessage.OfCredit(session, usedUp));
    }

    private static long ChargeOf(Msg block) => Window.ChargeOf(block.Size - SessionMessage.HeaderBytes);

    private LinkClosedException Closed() => new(Peer.Address, _cause ?? "one end closed it") { IsViolation = _isViolation };

    /// <summary>The one block that its reader may hold.</summary>
    private sealed class Lease(ZeroMqLink link) : IDisposable
    {
        private Msg _message;

        public Lease Of(Msg message)
        {
            _message = message;
            return this;
        }

        public void Dispose()
        {
            if (!_message.IsInitialised) return;
            var charge = ChargeOf(_message);
            _message.Close();
            link.UsedUp(charge);
        }
    }
}
