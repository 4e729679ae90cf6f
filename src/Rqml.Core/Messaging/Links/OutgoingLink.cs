using System.Buffers;
using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using Rqml.Messaging.Frames;

namespace Rqml.Messaging.Links;

/// <summary>
/// What one node sends to one address, and the link that carries it there: opened when first needed, opened again when it ends, and given up when the other end stays
/// away. Only its owner sends messages over it; what comes back are acknowledgements.
/// </summary>
internal sealed class OutgoingLink : IThreadPoolWorkItem, IBlockSource
{
    /// <summary>A block is sent once it has as many bytes.</summary>
    public const int BlockBytes = 64 << 10;

    private const byte FirstVersion = 1;      // of frames that are written before the two ends have agreed on a later one
    private static readonly FabricChannel[] ControlStreams = [.. ChannelPromise.All.Where(promise => promise is { Delivery: Delivery.AtLeastOnce, Lane: Lane.Control }).Select(promise => promise.Channel)];
    private static readonly FabricChannel[] DataStreams = [.. ChannelPromise.All.Where(promise => promise is { Delivery: Delivery.AtLeastOnce, Lane: Lane.Data }).Select(promise => promise.Channel)];

    private readonly LinkTable _table;
    private readonly Uri _address;
    private readonly LinkSettings _settings;
    private readonly Lock _lock = new();
    private readonly LinkLife _life;
    private readonly OutgoingStream?[] _streams = new OutgoingStream?[ChannelPromise.All.Count + 1];
    private readonly LatestFrames?[] _latest = new LatestFrames?[ChannelPromise.All.Count + 1];
    private readonly Dictionary<FabricChannel, ulong> _wanted = [];      // of what the other end publishes
    private readonly List<Subscription> _changed = [];      // of them, and not said yet
    private Task _run = Task.CompletedTask;      // owned here; faults only by a bug of ours
    private TaskCompletionSource? _running;
    private TaskCompletionSource? _room;
    private Peer? _to;            // whom the last message was for
    private Peer? _greeted;       // who answered
    private ulong _stream;
    private ulong _replaced;      // the stream before it; 0 where there was none
    private byte _version = FirstVersion;
    private int _turn;            // of the data streams
    private bool _isKnocking;     // there is nothing to say, but we want to know whether anybody is there
    private bool _isOpen;
    private bool _saysAlive;
    private bool _isRetired;
    private bool _isUsed;      // since the last look
    private long _usedMs;
    private long _lookedMs;
    private ILink? _link;
    private BlockPump? _pump;

    public OutgoingLink(LinkTable table, Uri address, ulong seed)
    {
        (_table, _address, _settings) = (table, address, table.Settings);
        _life = new LinkLife(_settings, seed);
        _stream = table.NextStream();
        _usedMs = table.NowMs;
        foreach (var promise in ChannelPromise.All)
        {
            if (promise.Delivery == Delivery.AtLeastOnce) _streams[(int)promise.Channel] = _settings.Send(promise.Channel, _settings.KeptOf(promise.Channel));
            else _latest[(int)promise.Channel] = new LatestFrames(promise.Channel);
        }
    }

    /// <summary>Bytes that wait or were not acknowledged.</summary>
    public long KeptBytes
    {
        get
        {
            lock (_lock) return _streams.Sum(stream => stream?.KeptBytes ?? 0);
        }
    }

    /// <summary>Frames that were sent again after a link had ended.</summary>
    public long Replayed
    {
        get
        {
            lock (_lock) return _streams.Sum(stream => stream?.Replayed ?? 0);
        }
    }

    /// <summary>Takes a message; false where there is no room for it, or it is longer than any may be. Never waits.</summary>
    /// <remarks>Hot: the header is written, and the content writes itself, where it will be sent from; no allocation.</remarks>
    public bool TrySend<TContent>(Peer? to, FabricChannel channel, FrameKind kind, ulong topics, in ActivityContext trace, in TContent content)
        where TContent : IMessageContent
    {
        lock (_lock)
        {
            if (_table.IsClosing || _isRetired) return false;
            var traceBytes = _version < 2 || trace.TraceId == default ? 0 : TraceContext.Bytes;
            var bytes = content.Bytes;
            if (bytes is < 0 or > MessageParts.MostBytes - TraceContext.Bytes) return false;
            if (!(_streams[(int)channel] is { } stream ? TryAppend(stream, kind, topics, trace, traceBytes + bytes, traceBytes, content) : TryReplace(_latest[(int)channel]!, kind, topics, trace, traceBytes + bytes, traceBytes, content))) return false;
            _to = to ?? _to;
            _isUsed = true;
            if (_isOpen) _pump!.Wake();
            else RunLocked();
            return true;
        }
    }

    /// <summary>Takes a message as soon as there is room; false where the table has forgotten the link meanwhile.</summary>
    /// <exception cref="LinkClosedException">The node is stopping.</exception>
    /// <exception cref="ArgumentException">The message is longer than any may be.</exception>
    public async ValueTask<bool> SendAsync<TContent>(Peer to, FabricChannel channel, FrameKind kind, ulong topics, ActivityContext trace, TContent content, CancellationToken cancellationToken)
        where TContent : IMessageContent
    {
        if (content.Bytes > MessageParts.MostBytes - TraceContext.Bytes) throw new ArgumentException($"A message has at most {MessageParts.MostBytes - TraceContext.Bytes} bytes, not {content.Bytes}.", nameof(content));
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (TrySend(to, channel, kind, topics, trace, content)) return true;
            Task room;
            lock (_lock)
            {
                if (_table.IsClosing) throw new LinkClosedException(_address.AbsoluteUri, "the node is stopping");
                if (_isRetired) return false;
                if (_streams[(int)channel]!.HasRoom(FrameHeader.Bytes + TraceContext.Bytes + content.Bytes)) continue;      // it came meanwhile
                room = (_room ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
            }

            await room.WaitAsync(cancellationToken);
        }
    }

    /// <summary>Says which topics are wanted from now on, with the next block, and again with each hello. Keeps the link open for as long as any are.</summary>
    public void Subscribe(Subscription subscription)
    {
        lock (_lock)
        {
            if (_table.IsClosing || _isRetired || _wanted.GetValueOrDefault(subscription.Channel) == subscription.Topics) return;
            if (subscription.Topics == 0) _wanted.Remove(subscription.Channel);
            else _wanted[subscription.Channel] = subscription.Topics;
            _isUsed = true;
            _changed.Add(subscription);
            if (_isOpen) _pump!.Wake();
            else if (subscription.Topics != 0)
            {
                _isKnocking = true;
                RunLocked();
            }
        }
    }

    /// <summary>Finds out whether anybody is there: the other end's link to us has ended.</summary>
    public void Knock(Peer peer)
    {
        lock (_lock)
        {
            if (_table.IsClosing || _isOpen || _isRetired) return;
            _to ??= peer;
            _isUsed = true;
            _isKnocking = true;
            RunLocked();
        }
    }

    /// <summary>Says that we live where nothing else was said, closes a link over which nothing comes, and gives up what could not be sent for too long.</summary>
    public void Tick(long nowMs)
    {
        ILink? silent = null;
        List<Returned>? returned = null;
        lock (_lock)
        {
            if (_life.IsGivenUp(nowMs)) returned = GiveUpLocked();
            else if (_link is not null && _life.IsSilent(nowMs)) silent = _link;
            else if (_isOpen) LookLocked(nowMs);
        }

        HandBack(returned);
        if (silent is not null) _table.Close(silent, LinkFault.Silent);
    }

    /// <summary>Whether nobody has wanted the link for long, and there is none: then it takes nothing more, and its table forgets it.</summary>
    public bool TryRetire(long nowMs)
    {
        lock (_lock)
        {
            if (_isUsed || _running is not null || _room is not null) (_isUsed, _usedMs) = (false, nowMs);
            return _isRetired = _isRetired || nowMs - _usedMs >= _settings.RememberMs;
        }
    }

    /// <summary>Returns when nothing of the link runs any more. The table is closing, so nothing begins.</summary>
    public async Task CloseAsync()
    {
        Task ended;
        ILink? link;
        lock (_lock)
        {
            ended = _running?.Task ?? Task.CompletedTask;
            link = _link;
            _room?.TrySetResult();
        }

        if (link is not null) await link.DisposeAsync();
        await ended;
    }

    void IThreadPoolWorkItem.Execute() => _run = RunAsync();

    void IBlockSource.Fill(BlockBuilder block)
    {
        lock (_lock)
        {
            if (!_isOpen) return;
            FillControlLocked(block);
            FillDataLocked(block);
            if (!block.IsEmpty) _life.Said(_table.NowMs);
        }
    }

    void IBlockSource.SendEnded()
    {
        lock (_lock)
        {
            foreach (var stream in _streams) stream?.SendEnded();
            SignalRoomLocked();
        }
    }

    void IBlockSource.Broken(Exception error)
    {
        ILink? link;
        lock (_lock) link = _link;
        if (error is not (LinkClosedException or OperationCanceledException)) _table.Broken(_address.AbsoluteUri, error);
        if (link is not null) _table.Close(link, LinkFault.None);
    }

    /// <summary>Where nothing was said for long we say that we live; where a stream does not move, how far it has come: so the other end notices what was lost, and we what it has.</summary>
    private void LookLocked(long nowMs)
    {
        if (_life.IsHeartbeatDue(nowMs)) _saysAlive = true;
        if (nowMs - _lookedMs >= _settings.HeartbeatMs)
        {
            _lookedMs = nowMs;
            foreach (var stream in _streams) _saysAlive |= stream is not null && stream.IsStill();
        }

        if (_saysAlive) _pump!.Wake();
    }

    private bool TryAppend<TContent>(OutgoingStream stream, FrameKind kind, ulong topics, in ActivityContext trace, int bytes, int traceBytes, in TContent content)
        where TContent : IMessageContent
    {
        if (!stream.HasRoom(FrameHeader.Bytes + bytes)) return false;
        var flags = traceBytes > 0 ? FrameFlags.Traced : FrameFlags.None;
        if (bytes <= FrameReader.MaxStreamedBytes)
        {
            Write(stream.Append(_version, kind, flags, topics, bytes), trace, traceBytes, content);
            return true;
        }

        var whole = ArrayPool<byte>.Shared.Rent(bytes);
        Write(whole.AsSpan(0, bytes), trace, traceBytes, content);
        for (var at = 0; at < bytes;)
        {
            var part = Math.Min(FrameReader.MaxStreamedBytes, bytes - at);
            whole.AsSpan(at, part).CopyTo(stream.Append(_version, kind, at + part < bytes ? flags | FrameFlags.Continues : flags & ~FrameFlags.Traced, topics, part));
            flags &= ~FrameFlags.Traced;      // the first part alone begins with it
            at += part;
        }

        ArrayPool<byte>.Shared.Return(whole);
        return true;
    }

    private bool TryReplace<TContent>(LatestFrames latest, FrameKind kind, ulong topics, in ActivityContext trace, int bytes, int traceBytes, in TContent content)
        where TContent : IMessageContent
    {
        if (bytes > FrameReader.MaxAloneBytes || !latest.TryReplace(_version, kind, traceBytes > 0 ? FrameFlags.Traced : FrameFlags.None, topics, bytes, out var payload)) return false;
        Write(payload, trace, traceBytes, content);
        return true;
    }

    private static void Write<TContent>(Span<byte> to, in ActivityContext trace, int traceBytes, in TContent content)
        where TContent : IMessageContent
    {
        if (traceBytes > 0) TraceContext.Write(trace, to);
        content.WriteTo(to[traceBytes..]);
    }

    private void RunLocked()
    {
        if (_running is not null) return;
        _running = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _table.Post(this);
    }

    /// <summary>Opens the link, again and again, until nobody wants it.</summary>
    private async Task RunAsync()
    {
        var hasEnded = false;
        try
        {
            while (IsWanted(out var waitMs))
            {
                if (await WaitAsync(waitMs)) await OpenAsync();
            }

            hasEnded = true;      // and said so: by now another run may have begun
        }
        finally
        {
            if (!hasEnded) EndRun();
        }
    }

    /// <summary>A bug of ours ended the run: whoever closes the table waits for its end all the same.</summary>
    private void EndRun()
    {
        lock (_lock)
        {
            _running?.TrySetResult();
            _running = null;
        }
    }

    private bool IsWanted(out long waitMs)
    {
        lock (_lock)
        {
            waitMs = _life.RetryInMs();
            if (!_table.IsClosing && (_isKnocking || HasSomethingLocked())) return true;
            _life.Rest();
            _running!.TrySetResult();
            _running = null;
            return false;
        }
    }

    private bool HasSomethingLocked()
    {
        for (var channel = 1; channel < _streams.Length; channel++)
        {
            if (_streams[channel] is { IsEmpty: false } || _latest[channel] is { CanSend: true }) return true;
        }

        return false;
    }

    private async ValueTask<bool> WaitAsync(long waitMs)
    {
        if (waitMs == 0) return true;
        try
        {
            await Task.Delay(TimeSpan.FromMilliseconds(waitMs), _table.Time, _table.Closing);
            return true;
        }
        catch (OperationCanceledException)
        {
            return false;      // the table closes
        }
    }

    /// <summary>Opens the link once, and returns when it has ended.</summary>
    [SuppressMessage("Design", "CA1031", Justification = "The outermost catch of the link: an adapter that breaks its promise costs this link, not the node.")]
    private async Task OpenAsync()
    {
        try
        {
            await using var link = await _table.ConnectAsync(_address);
            await UseAsync(link);
        }
        catch (ConnectionRefusedException)
        {
            Refused();
        }
        catch (RqmlException error) when (error is LinkClosedException or TransportException)
        {
            Failed();      // silence: it is tried again, and the liveness of its reports decides
        }
        catch (LinkViolationException error)
        {
            _table.Violated(_address.AbsoluteUri, error);
            Failed();
        }
        catch (OperationCanceledException) when (_table.IsClosing)
        {
            // Whatever waits is dropped.
        }
        catch (Exception error)
        {
            _table.Broken(_address.AbsoluteUri, error);
            Failed();
        }
    }

    private async Task UseAsync(ILink link)
    {
        Hello hello;
        lock (_lock)
        {
            _link = link;
            _pump = new BlockPump(link, this, _table.Dispatcher, _table.Closing);
            hello = _table.HelloOf(_stream) with { Replaces = _replaced, Subscriptions = [.. _wanted.Select(wanted => new Subscription(wanted.Key, wanted.Value))] };
            _changed.Clear();
            _life.Connected(_table.NowMs);
        }

        try
        {
            await link.SendBlockAsync(new ReadOnlySequence<byte>(hello.ToFrame()), _table.Closing);
            while (true) await ReadBlockAsync(link);
        }
        finally
        {
            BlockPump pump;
            lock (_lock)
            {
                // Is it the link that ended, or the process? Who never answered is not asked.
                _isKnocking = _isOpen && !_table.IsClosing;
                (_isOpen, _link, pump) = (false, null, _pump!);
            }

            await link.DisposeAsync();
            await pump.StopAsync();
        }
    }

    private async ValueTask ReadBlockAsync(ILink link)
    {
        using var block = await link.ReceiveBlockAsync(CancellationToken.None);
        _table.Carried(block.Bytes.Length);
        Read(block.Bytes);
    }

    private void Read(ReadOnlySequence<byte> block)
    {
        List<Returned>? returned = null;
        try
        {
            lock (_lock)
            {
                _life.Heard(_table.NowMs);
                var reader = new FrameReader(block);
                while (reader.TryRead(out var header, out var payload)) ReadLocked(header, payload, ref returned);
                SignalRoomLocked();
                if (_isOpen) _pump!.Wake();
            }
        }
        finally
        {
            HandBack(returned);
        }
    }

    private void ReadLocked(in FrameHeader header, ReadOnlySequence<byte> payload, ref List<Returned>? returned)
    {
        switch (header.Kind)
        {
            case FrameKind.Hello when !_isOpen:
                GreetedLocked(Hello.Read(payload), ref returned);
                break;
            case FrameKind.Grant when _isOpen:
                GrantedLocked(header);
                break;
            case FrameKind.Heartbeat when _isOpen:
                break;
            case FrameKind.Close:
                throw new LinkClosedException(_address.AbsoluteUri, $"the other end closed it: {(LinkFault)header.Correlation}");
            default:
                throw new LinkViolationException(LinkFault.OutOfTurn, $"A frame of kind {header.Kind} came {(_isOpen ? "over an open link" : "before hello")}.");
        }
    }

    /// <summary>The other end has said who it is and what it has: sending goes on from there.</summary>
    private void GreetedLocked(Hello hello, ref List<Returned>? returned)
    {
        if (_settings.Versions.Common(hello.Versions) is not { } version) throw new LinkViolationException(LinkFault.WrongVersion, $"{hello.Peer} speaks the protocols {hello.Versions}; we speak {_settings.Versions}.");
        if (hello.Cluster != _settings.Cluster) throw new LinkViolationException(LinkFault.OtherCluster, $"{hello.Peer} belongs to cluster '{hello.Cluster}', not '{_settings.Cluster}'.");
        if (_greeted is { } before && before != hello.Peer)
        {
            // Another start is there: what is left was for the one before. It knows nothing of this stream, so that the stream may begin.
            returned = TakeAllLocked();
            (_stream, _replaced) = (hello.Stream, 0);
        }

        _greeted = hello.Peer;
        foreach (var stream in _streams)
        {
            if (stream is null) continue;
            var position = hello.Positions.FirstOrDefault(position => position.Channel == stream.Channel);
            if (hello.Stream == _stream && stream.Resume(position.Received, position.LimitBytes)) continue;

            // The streams began anew while we were at the door, or the other end has forgotten them: what it has of them nobody can say.
            if (hello.Stream == _stream) returned = TakeAllLocked();
            throw new LinkViolationException(LinkFault.NeverSent, $"{hello.Peer} has frame {position.Received} of {ChannelPromise.Of(stream.Channel).Name}, which is no place in this stream.");
        }

        foreach (var latest in _latest) latest?.SendAgain();
        _version = version;
        _isKnocking = false;
        _isOpen = true;
        _life.Opened(_table.NowMs);
    }

    private void GrantedLocked(in FrameHeader header)
    {
        if (_streams[(int)header.Channel] is not { } stream) throw new LinkViolationException(LinkFault.UnknownChannel, $"A grant names the channel {header.Channel}, which has no credit.");
        if (!stream.Acknowledge(header.Sequence)) throw new LinkViolationException(LinkFault.NeverSent, $"Frame {header.Sequence} of {ChannelPromise.Of(header.Channel).Name} was acknowledged, and never sent.");
        stream.Grant((long)Math.Min(header.Correlation, long.MaxValue));
    }

    /// <summary>Nobody listens there: the process is gone, and what was for it goes back at once.</summary>
    private void Refused()
    {
        List<Returned> returned;
        Peer? greeted;
        Peer? to;
        lock (_lock)
        {
            (greeted, to) = (_greeted, _to);
            _life.Parted(_table.NowMs);
            returned = TakeAllLocked();
            _greeted = null;
            _isKnocking = false;
        }

        HandBack(returned);
        if (greeted is not null) _table.Gone(greeted);
        if (to is not null && to != greeted) _table.Gone(to);      // a node that was fenced goes by another start than its process
    }

    private void Failed()
    {
        List<Returned>? returned = null;
        lock (_lock)
        {
            var nowMs = _table.NowMs;
            _life.Parted(nowMs);
            if (_life.IsGivenUp(nowMs)) returned = GiveUpLocked();
        }

        HandBack(returned);
    }

    private List<Returned> GiveUpLocked()
    {
        _isKnocking = false;
        _life.Rest();
        return TakeAllLocked();
    }

    /// <summary>Takes out what may not have been received. The stream that begins after it is another one: what was handed back is never sent again by the link.</summary>
    private List<Returned> TakeAllLocked()
    {
        var returned = new List<Returned>();
        var to = _greeted ?? _to;
        for (var channel = 1; channel < _streams.Length; channel++)
        {
            _streams[channel]?.HandBack((header, content) => returned.Add(new Returned(to!, header.Channel, Untraced(header, content).ToArray())));
            _latest[channel]?.Clear();
        }

        (_replaced, _stream) = (_stream, _table.NextStream());
        _version = FirstVersion;
        SignalRoomLocked();
        return returned;
    }

    private static ReadOnlySequence<byte> Untraced(in FrameHeader header, ReadOnlySequence<byte> content) =>
        header.Flags.HasFlag(FrameFlags.Traced) ? content.Slice(TraceContext.Bytes) : content;

    private void HandBack(List<Returned>? returned)
    {
        if (returned is null) return;
        foreach (var message in returned) _table.Undelivered(message.To, message.Channel, message.Content);
    }

    private void SignalRoomLocked()
    {
        _room?.TrySetResult();
        _room = null;
    }

    private void FillControlLocked(BlockBuilder block)
    {
        foreach (var subscription in _changed) new FrameHeader(0, _version, subscription.Channel, FrameKind.Subscription, FrameFlags.None, 0, subscription.Topics).Write(block.Write(FrameHeader.Bytes));
        _changed.Clear();
        FillLatest(block, _latest[(int)FabricChannel.Heartbeats]!);
        foreach (var channel in ControlStreams) FillStream(block, _streams[(int)channel]!);
        if (_saysAlive) FillHeartbeats(block);
        _saysAlive = false;
    }

    private void FillHeartbeats(BlockBuilder block)
    {
        foreach (var stream in _streams)
        {
            if (stream is { IsEmpty: false }) new FrameHeader(0, _version, stream.Channel, FrameKind.Heartbeat, FrameFlags.None, stream.Sent, 0).Write(block.Write(FrameHeader.Bytes));
        }

        if (block.IsEmpty) new FrameHeader(0, _version, 0, FrameKind.Heartbeat, FrameFlags.None, 0, 0).Write(block.Write(FrameHeader.Bytes));
    }

    /// <summary>One stream after the other begins, so that none waits for another's flood.</summary>
    private void FillDataLocked(BlockBuilder block)
    {
        for (var i = 0; i < DataStreams.Length; i++) FillStream(block, _streams[(int)DataStreams[(_turn + i) % DataStreams.Length]]!);
        _turn = (_turn + 1) % DataStreams.Length;
        FillLatest(block, _latest[(int)FabricChannel.Metrics]!);
    }

    private static void FillStream(BlockBuilder block, OutgoingStream stream)
    {
        while (block.Bytes < BlockBytes && stream.TryTake(BlockBytes - block.Bytes, out var frames)) block.Add(frames);
    }

    /// <summary>The newest of a topic may be longer than a block: it goes as soon as it is its turn.</summary>
    private static void FillLatest(BlockBuilder block, LatestFrames latest)
    {
        while (latest.CanSend && (block.IsEmpty || block.Bytes + latest.NextBytes <= BlockBytes))
        {
            var frame = latest.Take();
            frame.CopyTo(block.Write(frame.Length));
        }
    }

    private readonly record struct Returned(Peer To, FabricChannel Channel, byte[] Content);
}
