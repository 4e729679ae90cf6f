using System.Buffers;
using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using Rqml.Messaging.Frames;

namespace Rqml.Messaging.Links;

/// <summary>A link that a peer opened: hands its messages to the receiver in order and each once, and tells the peer what has come and how much more may.</summary>
internal sealed class IncomingLink : IThreadPoolWorkItem, IBlockSource
{
    private readonly LinkTable _table;
    private readonly LinkSettings _settings;
    private readonly ITimer _grantTimer;
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Task _reading = Task.CompletedTask;      // owned here; never faults
    private volatile ILink _link;
    private BlockPump? _pump;               // once the link has what goes around it
    private IncomingStreams? _streams;      // once hello is answered
    private IncomingStreams? _admitted;
    private byte _version;
    private long _heardMs;
    private long _saidMs;
    private int _isGrantDue;      // somebody waits for an acknowledgement long enough
    private int _isTimed;         // and the timer will say so
    private int _saysAlive;
    private bool _isSilent;       // and closed for it; the tick's alone

    public IncomingLink(LinkTable table, ILink link)
    {
        (_table, _link, _settings) = (table, link, table.Settings);
        _grantTimer = table.Time.CreateTimer(static link => ((IncomingLink)link!).GrantNow(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _heardMs = _saidMs = table.NowMs;
    }

    /// <summary>Who sends; null before hello.</summary>
    public Peer? Peer { get; private set; }

    /// <summary>Bytes that the receiver owes of the block that it is handed, by channel: for the receiver's own use.</summary>
    public int[] Owed { get; } = new int[ChannelPromise.All.Count + 1];

    /// <summary>The content of so many bytes is needed no more: the peer may send as much again. Any thread.</summary>
    public void Consumed(FabricChannel channel, int bytes)
    {
        if (_streams is not { } streams || streams[channel] is not { } stream) return;
        stream.Consumed(bytes);
        if (stream.IsShort) (streams.Link ?? this)._pump!.Wake();      // this one may have ended meanwhile
    }

    /// <summary>Says that we live where nothing else was said, and closes a link over which nothing comes.</summary>
    /// <param name="nowMs">Now.</param>
    /// <param name="lateMs">How long we did not run ourselves: that silence is not the peer's.</param>
    public void Tick(long nowMs, long lateMs)
    {
        if (lateMs > 0) Volatile.Write(ref _heardMs, Math.Min(nowMs, Volatile.Read(ref _heardMs) + lateMs));
        if (nowMs - Volatile.Read(ref _heardMs) >= _settings.Liveness.SilentMs)
        {
            if (!_isSilent) _table.Close(_link, LinkFault.Silent);
            _isSilent = true;
            return;
        }

        if (_streams is null || nowMs - Volatile.Read(ref _saidMs) < _settings.Liveness.HeartbeatMs) return;
        Volatile.Write(ref _saysAlive, 1);
        _pump!.Wake();
    }

    /// <summary>Closes the link, and returns when its reader has ended.</summary>
    public async Task CloseAsync()
    {
        await _link.DisposeAsync();
        await _ended.Task;
    }

    void IThreadPoolWorkItem.Execute() => _reading = ReadAsync();

    void IBlockSource.Fill(BlockBuilder block)
    {
        if (_streams is not { } streams) return;
        var isDue = Interlocked.Exchange(ref _isGrantDue, 0) != 0;
        foreach (var stream in streams.All)
        {
            if (!stream.IsShort && !(isDue && (stream.IsBehind || stream.IsAsked))) continue;
            var grant = stream.Grant();
            new FrameHeader(0, _version, grant.Channel, FrameKind.Grant, FrameFlags.None, grant.Received, (ulong)grant.LimitBytes).Write(block.Write(FrameHeader.Bytes));
        }

        if (Interlocked.Exchange(ref _saysAlive, 0) != 0 && block.IsEmpty) new FrameHeader(0, _version, 0, FrameKind.Heartbeat, FrameFlags.None, 0, 0).Write(block.Write(FrameHeader.Bytes));
        if (!block.IsEmpty) Volatile.Write(ref _saidMs, _table.NowMs);
    }

    void IBlockSource.SendEnded() { }

    void IBlockSource.Broken(Exception error)
    {
        if (error is not (LinkClosedException or OperationCanceledException)) _table.Broken(_link.Peer.Address, error);
        _table.Close(_link, LinkFault.None);
    }

    private void GrantNow()
    {
        Volatile.Write(ref _isTimed, 0);
        Volatile.Write(ref _isGrantDue, 1);
        _pump!.Wake();
    }

    [SuppressMessage("Design", "CA1031", Justification = "The outermost catch of the reader: an adapter that breaks its promise costs this link, not the node.")]
    private async Task ReadAsync()
    {
        var fault = LinkFault.None;
        var isKnocked = false;
        try
        {
            if (await IsAdmittedAsync())
            {
                while (true) await ReadBlockAsync();
            }
        }
        catch (LinkClosedException error)
        {
            isKnocked = true;      // has the link ended, or the process?
            _table.Ended(error);
        }
        catch (LinkViolationException error)
        {
            fault = error.Fault;
            _table.Violated(_link.Peer.Address, error);
        }
        catch (Exception error)
        {
            _table.Broken(_link.Peer.Address, error);
        }

        await EndAsync(fault);
        if (isKnocked && Peer is { } peer) _table.Knock(peer);
    }

    private async Task EndAsync(LinkFault fault)
    {
        try
        {
            await _grantTimer.DisposeAsync();
            if (fault != LinkFault.None && _pump is not null) await SayWhyAsync(fault, _pump);
            await _link.DisposeAsync();
            if (_pump is not null) await _pump.StopAsync();
        }
        finally
        {
            _table.Remove(this, _admitted);
            _ended.TrySetResult();
        }
    }

    /// <summary>The first frame is hello, whatever else the first block brings; the answer says where the stream goes on. False where another link of the same stream came meanwhile.</summary>
    private async ValueTask<bool> IsAdmittedAsync()
    {
        _link = await _table.WrapAsync(_link, isOurs: false);
        _pump = new BlockPump(_link, this, _table.Dispatcher, _table.Closing);
        using var block = await _link.ReceiveBlockAsync(CancellationToken.None);
        Heard(block);
        var hello = ReadHello(block.Bytes);
        if (await _table.AdmitAsync(this, hello) is not { } streams) return false;
        _admitted = streams;
        Peer = hello.Peer;
        var answer = _table.HelloOf(hello.Stream) with { Positions = [.. streams.All.Select(stream => stream.Grant() with { Received = stream.Received })] };
        await _link.SendBlockAsync(new ReadOnlySequence<byte>(answer.ToFrame()), _table.Closing);
        _streams = streams;
        _pump.Wake();      // whoever woke it before found nothing to say
        return true;
    }

    private Hello ReadHello(ReadOnlySequence<byte> block)
    {
        var reader = new FrameReader(block);
        if (!reader.TryRead(out var header, out var payload) || header.Kind != FrameKind.Hello) throw new LinkViolationException(LinkFault.OutOfTurn, $"A link begins with hello, not with {header.Kind}.");
        var hello = Hello.Read(payload);
        if (reader.TryRead(out header, out _)) throw new LinkViolationException(LinkFault.OutOfTurn, $"A frame of kind {header.Kind} came before hello was answered.");
        _version = hello.Agree(_settings);
        return hello;
    }

    private async ValueTask ReadBlockAsync()
    {
        using var block = await _link.ReceiveBlockAsync(CancellationToken.None);
        Heard(block);
        try
        {
            Read(block.Bytes);
        }
        finally
        {
            _table.Receiver.BlockEnded(this);      // what came before a violation is used up all the same
        }

        Acknowledge();
    }

    private void Heard(in Block block)
    {
        Volatile.Write(ref _heardMs, _table.NowMs);
        _table.Carried(block.Bytes.Length);
    }

    private void Read(ReadOnlySequence<byte> block)
    {
        var reader = new FrameReader(block);
        while (reader.TryRead(out var header, out var payload))
        {
            if (header.Version == 0 || header.Version > _version) throw new LinkViolationException(LinkFault.WrongVersion, $"A frame is of protocol {header.Version}; this link speaks {_version}.");
            if (header.IsMessage) Take(header, payload);
            else TakeOther(header);
        }
    }

    private void TakeOther(in FrameHeader header)
    {
        switch (header.Kind)
        {
            case FrameKind.Heartbeat:
                if (header.Channel != 0) TakeStill(header);
                break;
            case FrameKind.Subscription:
                _table.Subscribed(_streams!, Peer!, new Subscription(header.Channel, header.Correlation));
                break;
            case FrameKind.Close:
                throw new LinkClosedException(_link.Peer.Address, $"the other end closed it: {(LinkFault)header.Correlation}");
            default:
                throw new LinkViolationException(LinkFault.OutOfTurn, $"A frame of kind {header.Kind} came over an open link.");
        }
    }

    /// <summary>A stream does not move: either frames are missing here, or what we said of it was lost.</summary>
    private void TakeStill(in FrameHeader header)
    {
        if (_streams![header.Channel] is not { } stream) throw new LinkViolationException(LinkFault.UnknownChannel, $"A heartbeat names the channel {header.Channel}, which has no order.");
        if (header.Sequence > stream.Received) throw new LinkViolationException(LinkFault.SequenceGap, $"Frames up to {header.Sequence} of {ChannelPromise.Of(header.Channel).Name} were sent; {stream.Received} was the last that came.");
        stream.IsAsked = true;
        GrantNow();
    }

    private void Take(in FrameHeader header, ReadOnlySequence<byte> payload)
    {
        if (_streams![header.Channel] is not { } stream)
        {
            if (header.Flags.HasFlag(FrameFlags.Continues)) throw new LinkViolationException(LinkFault.Malformed, $"A frame of {header.Channel} goes on in the next; only streams do.");
            if (_streams.IsNewer(header)) Deliver(header, payload, 0);
            return;
        }

        if (header.Flags.HasFlag(FrameFlags.Continues)) _table.MakeSureOfRoom(_streams, payload.Length);
        if (stream.Take(header) == FrameFate.Duplicate)
        {
            _table.Duplicate();
            return;
        }

        if (stream.Parts.IsEmpty && !header.Flags.HasFlag(FrameFlags.Continues))
        {
            Deliver(header, payload, header.FrameBytes);
            return;
        }

        // A message may be longer than a window: what is more than half of one is not owed.
        var heldBytes = stream.Parts.Bytes;
        var isWhole = stream.Parts.Add(header, payload, out var first, out var message);
        _table.HalfReceived(stream.Parts.Bytes - heldBytes);
        stream.Consumed(stream.Gather(header.FrameBytes));
        if (isWhole) Deliver(first, message, stream.EndGathering());
    }

    private void Deliver(in FrameHeader header, ReadOnlySequence<byte> content, int owedBytes)
    {
        ActivityContext? trace = null;
        if (header.Flags.HasFlag(FrameFlags.Traced))
        {
            if (content.Length < TraceContext.Bytes) throw new LinkViolationException(LinkFault.Malformed, $"A traced message has at least {TraceContext.Bytes} bytes, not {content.Length}.");
            Span<byte> context = stackalloc byte[TraceContext.Bytes];
            content.Slice(0, TraceContext.Bytes).CopyTo(context);
            trace = TraceContext.Read(context);
            content = content.Slice(TraceContext.Bytes);
        }

        _table.Receiver.Received(this, new ReceivedMessage(Peer!, header.Channel, header.Kind, header.Correlation, trace, content, owedBytes));
    }

    /// <summary>Tells the peer at once where it might have to wait, and a little later, together with what comes until then, where it only keeps what has come.</summary>
    private void Acknowledge()
    {
        foreach (var stream in _streams!.All)
        {
            if (stream.IsShort) _pump!.Wake();
            else if (stream.IsBehind && Interlocked.Exchange(ref _isTimed, 1) == 0) _grantTimer.Change(TimeSpan.FromMilliseconds(_settings.GrantDelayMs), Timeout.InfiniteTimeSpan);
        }
    }

    /// <summary>Whoever broke the protocol is told how, as far as it listens; the link's silence ends the wait.</summary>
    private async Task SayWhyAsync(LinkFault fault, BlockPump pump)
    {
        var frame = new byte[FrameHeader.Bytes];
        new FrameHeader(0, Math.Max(_version, _settings.Versions.Lowest), 0, FrameKind.Close, FrameFlags.None, 0, (ulong)fault).Write(frame);
        var pumped = pump.StopAsync();
        try
        {
            await pumped;
            await _link.SendBlockAsync(new ReadOnlySequence<byte>(frame), _table.Closing);

            // What it is still sending is read and thrown away until it has heard: a socket that is closed before takes the reason with it.
            while (true) (await _link.ReceiveBlockAsync(_table.Closing)).Dispose();
        }
        catch (Exception error) when (error is LinkClosedException or OperationCanceledException)
        {
            // It has gone itself.
        }
    }
}
