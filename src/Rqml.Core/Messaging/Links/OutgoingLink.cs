using System.Buffers;
using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using Rqml.Messaging.Frames;

namespace Rqml.Messaging.Links;

/// <summary>
/// The link that carries what one node sends to another: opened when first needed, opened again when it ends, and given up when the other end stays away. Only its
/// owner sends messages over it; what comes back are acknowledgements. The shell around <see cref="OutgoingStreams"/> and <see cref="LinkLife"/>, which decide.
/// </summary>
[SuppressMessage("Design", "CA1001", Justification = "A source without timer or wait handle holds nothing to dispose of, and whoever wakes the link may still have it.")]
internal sealed class OutgoingLink : IThreadPoolWorkItem, IBlockSource
{
    private readonly LinkTable _table;
    private readonly Peer _to;
    private readonly IReadOnlyList<Uri> _addresses;
    private readonly LinkSettings _settings;
    private readonly Lock _lock = new();
    private readonly LinkLife _life;
    private readonly OutgoingStreams _streams;
    private readonly LinkNews _news;
    private Task _run = Task.CompletedTask;      // owned here; faults only by a bug of ours
    private TaskCompletionSource? _running;
    private TaskCompletionSource? _room;
    private CancellationTokenSource? _waiting;      // for the next try; cancelled to wake it
    private int _turn;            // of the addresses
    private int _refusals;        // one after the other
    private bool _hasOpened;      // the link that was tried last
    private bool _isSilent;       // the link, and closed for it
    private bool _isKnocking;     // there is nothing to say, but we want to know whether anybody is there
    private volatile bool _isRetired;
    private bool _isUsed;         // since the last look
    private long _usedMs;
    private long _lookedMs;
    private ILink? _link;
    private BlockPump? _pump;

    /// <param name="table">Whose link it is.</param>
    /// <param name="to">Whom to reach; where its node is not named, whoever answers.</param>
    /// <param name="addresses">Where it may be reached, the best first.</param>
    /// <param name="seed">Of the jitter between tries.</param>
    public OutgoingLink(LinkTable table, Peer to, IReadOnlyList<Uri> addresses, ulong seed)
    {
        (_table, _to, _addresses, _settings) = (table, to, addresses, table.Settings);
        _life = new LinkLife(_settings, seed);
        _streams = new OutgoingStreams(_settings, to, table.NextStream);
        _news = new LinkNews(table.Logger);
        _usedMs = table.NowMs;
    }

    /// <summary>Bytes that wait or were not acknowledged.</summary>
    public long KeptBytes
    {
        get
        {
            lock (_lock) return _streams.KeptBytes;
        }
    }

    /// <summary>Frames that were sent again after a link had ended.</summary>
    public long Replayed
    {
        get
        {
            lock (_lock) return _streams.Replayed;
        }
    }

    private Uri Address => _addresses[_turn % _addresses.Count];

    /// <summary>Who answered, or for whom the last message was.</summary>
    private Peer Other
    {
        get
        {
            lock (_lock) return _streams.Greeted ?? _streams.To;
        }
    }

    /// <summary>Whether its table still knows it.</summary>
    public bool IsInUse => !_isRetired;

    /// <summary>Whether nobody has been at the other end for too long.</summary>
    public bool IsCutOff(long nowMs)
    {
        lock (_lock) return _life.IsCutOff(nowMs);
    }

    /// <summary>Whether it leads to the peer: one to whoever answers leads to whoever did.</summary>
    public bool Serves(Peer? to) => to is null || _to.Node == to.Node || _streams.Greeted?.Node == to.Node;

    /// <summary>Takes a message; false where there is no room for it, or it is longer than any may be. Never waits.</summary>
    public bool TrySend<TContent>(Peer? to, FabricChannel channel, FrameKind kind, ulong topics, in ActivityContext trace, in TContent content)
        where TContent : IMessageContent
    {
        lock (_lock)
        {
            if (_table.IsClosing || _isRetired || !Serves(to) || !_streams.TrySend(to, channel, kind, topics, trace, content)) return false;
            _isUsed = true;
            if (_streams.IsOpen) _pump!.Wake();
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
        if (content.Bytes > OutgoingStreams.MostMessageBytes) throw new ArgumentException($"A message has at most {OutgoingStreams.MostMessageBytes} bytes, not {content.Bytes}.", nameof(content));
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (TrySend(to, channel, kind, topics, trace, content)) return true;
            Task room;
            lock (_lock)
            {
                if (_table.IsClosing) throw new LinkClosedException(Address.AbsoluteUri, "the node is stopping");
                if (_isRetired || !Serves(to)) return false;
                if (_streams.HasRoom(channel, content.Bytes)) continue;      // it came meanwhile
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
            if (_table.IsClosing || _isRetired || !_streams.TrySubscribe(subscription)) return;
            _isUsed = true;
            if (_streams.IsOpen) _pump!.Wake();
            else if (subscription.Topics != 0) KnockLocked();
        }
    }

    /// <summary>Finds out whether anybody is there: the other end's link to us has ended.</summary>
    public void Knock(Peer peer)
    {
        lock (_lock)
        {
            if (_table.IsClosing || _isRetired || _streams.IsOpen) return;
            _streams.To = peer;
            _isUsed = true;
            KnockLocked();
        }
    }

    /// <summary>The peer has just spoken to us: it is there, and whatever waits for it need not wait for the next try.</summary>
    public void PeerIsThere()
    {
        lock (_lock)
        {
            if (_streams.IsOpen) return;
            _life.Encourage();
            if (_waiting is { } waiting) _table.Post(new Alarm(waiting));
        }
    }

    /// <summary>Says that we live where nothing else was said, closes a link over which nothing comes, and gives up what could not be sent for too long.</summary>
    /// <param name="nowMs">Now.</param>
    /// <param name="lateMs">How long we did not run ourselves: that silence is not the peer's.</param>
    public void Tick(long nowMs, long lateMs)
    {
        if (lateMs > 0)
        {
            lock (_lock) _life.Forgive(nowMs, lateMs);
        }

        GiveUpIfDue(nowMs);
        ILink? silent = null;
        lock (_lock)
        {
            if (_link is not null && _life.IsSilent(nowMs)) (silent, _link, _isSilent) = (_link, null, true);      // closed once; its reader notices
            else if (_streams.IsOpen) LookLocked(nowMs);
        }

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
        CancellationTokenSource? waiting;
        lock (_lock)
        {
            ended = _running?.Task ?? Task.CompletedTask;
            (link, waiting) = (_link, _waiting);
            _room?.TrySetResult();
        }

        waiting?.Cancel();
        if (link is not null) await link.DisposeAsync();
        await ended;
    }

    void IThreadPoolWorkItem.Execute() => _run = RunAsync();

    void IBlockSource.Fill(BlockBuilder block)
    {
        lock (_lock)
        {
            if (!_streams.IsOpen) return;
            _streams.Fill(block);
            if (!block.IsEmpty) _life.Said(_table.NowMs);
        }
    }

    void IBlockSource.SendEnded()
    {
        lock (_lock)
        {
            _streams.SendEnded();
            SignalRoomLocked();
        }
    }

    void IBlockSource.Broken(Exception error)
    {
        ILink? link;
        lock (_lock) link = _link;
        if (error is not (LinkClosedException or OperationCanceledException)) _table.Broken(Address.AbsoluteUri, error);
        if (link is not null) _table.Close(link, LinkFault.None);
    }

    /// <summary>Where nothing was said for long we say that we live; where a stream does not move, how far it has come: so the other end notices what was lost, and we what it has.</summary>
    private void LookLocked(long nowMs)
    {
        var isDue = _life.IsHeartbeatDue(nowMs);
        if (nowMs - _lookedMs >= _settings.Liveness.HeartbeatMs)
        {
            _lookedMs = nowMs;
            isDue |= _streams.IsStill();
        }

        if (!isDue) return;
        _streams.SayAlive();
        _pump!.Wake();
    }

    private void KnockLocked()
    {
        _isKnocking = true;
        RunLocked();
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
            if (!_table.IsClosing && (_isKnocking || _streams.HasSomething)) return true;
            _life.Rest();
            _running!.TrySetResult();
            _running = null;
            return false;
        }
    }

    /// <summary>Waits for the next try, or for a word of the peer. False where the table closes.</summary>
    private async ValueTask<bool> WaitAsync(long waitMs)
    {
        if (waitMs == 0) return true;
        CancellationTokenSource waiting;
        lock (_lock)
        {
            if (_table.IsClosing) return false;
            _waiting = waiting = new CancellationTokenSource();
        }

        try
        {
            await Task.Delay(TimeSpan.FromMilliseconds(waitMs), _table.Time, waiting.Token);
        }
        catch (OperationCanceledException)
        {
            // Woken: the peer has spoken, or the table closes.
        }

        lock (_lock) _waiting = null;
        return !_table.IsClosing;
    }

    /// <summary>Opens the link once, at the address whose turn it is, and returns when it has ended.</summary>
    [SuppressMessage("Design", "CA1031", Justification = "The outermost catch of the link: an adapter that breaks its promise costs this link, not the node.")]
    private async Task OpenAsync()
    {
        var address = Address;
        _hasOpened = false;
        try
        {
            await using var link = await _table.ConnectAsync(address);
            await UseAsync(link);
        }
        catch (ConnectionRefusedException)
        {
            Refused();
            _turn++;
            return;
        }
        catch (TransportException error)
        {
            TellDown(error.Cause);
            Failed();      // silence: it is tried again, and the liveness of its reports decides
        }
        catch (LinkClosedException error)
        {
            TellDown(error.Cause);
            _table.Ended(error);
            Failed();
        }
        catch (LinkViolationException error)
        {
            TellDown(error.Message);
            _table.Violated(address.AbsoluteUri, error);
            Failed();
        }
        catch (OperationCanceledException) when (_table.IsClosing)
        {
            // Whatever waits is dropped.
        }
        catch (Exception error)
        {
            TellDown(error.GetType().Name);
            _table.Broken(address.AbsoluteUri, error);
            Failed();
        }

        _refusals = 0;
        if (!_hasOpened) _turn++;
    }

    private async Task UseAsync(ILink link)
    {
        Hello hello;
        lock (_lock)
        {
            (_link, _isSilent) = (link, false);
            _pump = new BlockPump(link, this, _table.Dispatcher, _table.Closing);
            hello = _streams.Greet(_table.HelloOf);
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
                _isKnocking = _streams.IsOpen && !_table.IsClosing;
                _streams.Close();
                (_link, pump) = (null, _pump!);
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
        var wasOpened = _hasOpened;
        try
        {
            lock (_lock)
            {
                _life.Heard(_table.NowMs);
                try
                {
                    var reader = new FrameReader(block);
                    while (reader.TryRead(out var header, out var payload)) ReadLocked(header, payload, ref returned);
                }
                finally
                {
                    SignalRoomLocked();      // also where a violation comes after what made room
                }

                if (_streams.IsOpen) _pump!.Wake();
            }
        }
        finally
        {
            HandBack(returned);
        }

        if (_hasOpened && !wasOpened) _news.Up(Other, Address);
    }

    private void ReadLocked(in FrameHeader header, ReadOnlySequence<byte> payload, ref List<Returned>? returned)
    {
        if (header.Kind == FrameKind.Close) throw new LinkClosedException(Address.AbsoluteUri, $"the other end closed it: {(LinkFault)header.Correlation}");
        var wasOpen = _streams.IsOpen;
        _streams.Read(header, payload, ref returned);
        if (wasOpen || !_streams.IsOpen) return;
        (_hasOpened, _isKnocking) = (true, false);
        _life.Opened(_table.NowMs);
    }

    /// <summary>Nobody listens there. Where that is so at all its addresses, the process is gone, and what was for it goes back at once.</summary>
    private void Refused()
    {
        if (++_refusals < _addresses.Count)
        {
            Failed();
            return;
        }

        List<Returned> returned;
        Peer? greeted;
        Peer to;
        lock (_lock)
        {
            _refusals = 0;
            (greeted, to) = (_streams.Greeted, _streams.To);
            _life.Parted(_table.NowMs);
            _life.Rest();      // that verdict is given: whoever is spoken to from here on has been away for no time yet
            returned = TakeAllLocked();
            _streams.ForgetGreeted();
            _isKnocking = false;
        }

        HandBack(returned);
        if (!_table.IsClosing) _news.Gone(greeted ?? to);
        if (greeted is not null) _table.Gone(greeted);
        if (to != greeted) _table.Gone(to);      // a node that was fenced goes by another start than its process
    }

    /// <summary>It may or may not be there. Whether it is given up is the tick's to say, which knows whether we ran ourselves.</summary>
    private void Failed()
    {
        lock (_lock) _life.Parted(_table.NowMs);
    }

    /// <summary>There has been no link for too long: whatever the reason, nothing can be said to the peer.</summary>
    private void GiveUpIfDue(long nowMs)
    {
        List<Returned> returned;
        Peer peer;
        lock (_lock)
        {
            if (!_life.IsGivenUp(nowMs)) return;
            peer = _streams.To;
            _isKnocking = false;
            _life.Rest();
            returned = TakeAllLocked();
        }

        HandBack(returned);
        if (!_table.IsClosing) _news.Unreachable(peer, _settings.Liveness.SilentMs);
        _table.Unreachable(peer);
    }

    private void TellDown(string why)
    {
        if (!_table.IsClosing) _news.Down(Other, _isSilent ? "nothing was heard for too long" : why);
    }

    private List<Returned> TakeAllLocked()
    {
        var returned = _streams.TakeAll();
        SignalRoomLocked();
        return returned;
    }

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

    /// <summary>Wakes a link that waits, on a thread that has nothing else to do.</summary>
    private sealed class Alarm(CancellationTokenSource waiting) : IThreadPoolWorkItem
    {
        public void Execute() => waiting.Cancel();
    }
}
