using System.Buffers;
using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Logging;
using Rqml.Diagnostics;
using Rqml.Hosting;
using Rqml.Messaging.Frames;
using Rqml.Tasks;

namespace Rqml.Messaging.Links;

/// <summary>
/// A node's links: one to each node that it sends to, one from each node that sends to it, over whichever transports its host has; and who wants to hear of what
/// it publishes.
/// </summary>
[SuppressMessage("Design", "CA1001", Justification = "A source without timer or wait handle holds nothing to dispose of, and a sender may still look at it.")]
internal sealed partial class LinkTable : IAsyncDisposable
{
    private const int TicksPerHeartbeat = 4;

    private readonly Peer _self;
    private readonly IReadOnlyList<ITransport> _transports;
    private readonly IReadOnlyList<IListener> _listeners;
    private readonly Clock _clock;
    private readonly MessagingInstruments _instruments;
    private readonly ILogger _logger;
    private readonly Lock _lock = new();
    private readonly ConcurrentDictionary<LinkKey, OutgoingLink> _outgoing = new();      // to look up; its own order is another in each process
    private volatile KeyValuePair<LinkKey, OutgoingLink>[] _links = [];                  // the same, in the order in which they were opened
    private readonly HashSet<IncomingLink> _incoming = [];
    private readonly Dictionary<StreamKey, IncomingStreams> _streams = [];
    private readonly Subscribers _subscribers = new();
    private readonly CancellationTokenSource _closing = new();
    private readonly List<Task> _accepting = [];
    private readonly List<string> _lostListeners = [];
    private readonly ITimer _timer;
    private SplitMix64 _random;
    private volatile Found? _found;
    private ulong _streamsBegun;
    private long _bytesCarried;
    private long _halfReceivedBytes;
    private bool _isTicking;
    private long _tickedMs;
    private volatile bool _isClosing;

    public LinkTable(Peer self, IReadOnlyList<ITransport> transports, IReadOnlyList<IListener> listeners, LinkSettings settings, Dispatcher dispatcher, Clock clock, ulong seed, ILinkReceiver receiver, MessagingInstruments instruments, ILogger logger)
    {
        (_self, _transports, _listeners, Settings, Dispatcher) = (self, transports, listeners, settings, dispatcher);
        (_clock, Receiver, _instruments, _logger) = (clock, receiver, instruments, logger);
        _random = new SplitMix64(seed);
        _timer = clock.Time.CreateTimer(static table => ((LinkTable)table!).Tick(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    public LinkSettings Settings { get; }

    public Dispatcher Dispatcher { get; }

    public ILinkReceiver Receiver { get; }

    public TimeProvider Time => _clock.Time;

    public long NowMs => _clock.NowMs;

    /// <summary>Bytes that all links have carried since the start, both ways.</summary>
    public long BytesCarried => Interlocked.Read(ref _bytesCarried);

    /// <summary>Bytes of messages that have not come whole.</summary>
    public long HalfReceivedBytes => Interlocked.Read(ref _halfReceivedBytes);

    /// <summary>Cancelled when the table closes.</summary>
    public CancellationToken Closing => _closing.Token;

    public bool IsClosing => _isClosing;

    public ILogger Logger => _logger;

    /// <summary>The schemes of the listeners that have ended by themselves: other nodes cannot reach this one there.</summary>
    public IReadOnlyList<string> LostListeners
    {
        get
        {
            lock (_lock) return [.. _lostListeners];
        }
    }

    /// <summary>Streams of others whose place is remembered.</summary>
    public int RememberedStreams
    {
        get
        {
            lock (_lock) return _streams.Count;
        }
    }

    /// <summary>Begins to take the links that others open.</summary>
    public void Start()
    {
        foreach (var listener in _listeners) _accepting.Add(AcceptAsync(listener));
    }

    /// <summary>Takes a message for one node; false where there is no way to it or no room. Never waits.</summary>
    public bool TrySend<TContent>(Peer to, FabricChannel channel, ulong topics, in ActivityContext trace, in TContent content)
        where TContent : IMessageContent =>
        LinkTo(to) is { } link && link.TrySend(to, channel, FrameKind.Directed, topics, trace, content);

    /// <summary>Takes a message for one node as soon as there is room, on a channel that waits.</summary>
    /// <exception cref="TransportException">No transport of this host serves the peer's address.</exception>
    /// <exception cref="LinkClosedException">The node is stopping.</exception>
    public async ValueTask SendAsync<TContent>(Peer to, FabricChannel channel, ActivityContext trace, TContent content, CancellationToken cancellationToken)
        where TContent : IMessageContent
    {
        if (ChannelPromise.Of(channel).WhenFull != WhenFull.Wait) throw new ArgumentException($"{ChannelPromise.Of(channel).Name} never waits.", nameof(channel));
        while (LinkTo(to) is { } link)
        {
            if (await link.SendAsync(to, channel, FrameKind.Directed, 0, trace, content, cancellationToken)) return;
        }

        if (IsClosing) throw new LinkClosedException(to.Endpoint, "the node is stopping");
        throw new TransportException(to.Endpoint, "no transport of this host serves it");
    }

    /// <summary>Takes a message for every node to which there is a link; how many have room for it.</summary>
    public int Broadcast(FabricChannel channel, ulong topics, in ActivityContext trace, ReadOnlyMemory<byte> content)
    {
        var taken = 0;
        foreach (var (_, link) in _links)
        {
            if (link.TrySend(null, channel, FrameKind.Broadcast, topics, trace, new WrittenContent(content))) taken++;
            else _instruments.Dropped();
        }

        return taken;
    }

    /// <summary>Takes a message for every node that has subscribed to one of its topics; how many have room for it. Each has a queue and a credit of its own.</summary>
    public int Publish(FabricChannel channel, ulong topics, in ActivityContext trace, ReadOnlyMemory<byte> content)
    {
        var taken = 0;
        foreach (var (peer, wanted) in _subscribers.Of(channel))
        {
            if ((wanted & topics) == 0) continue;
            if (LinkTo(peer) is { } link && link.TrySend(peer, channel, FrameKind.Published, topics, trace, new WrittenContent(content))) taken++;
            else _instruments.Dropped();
        }

        return taken;
    }

    /// <summary>Whether there is no way to the peer, or has been none for too long.</summary>
    public bool IsCutOffFrom(Peer peer) => Find(peer)?.IsCutOff(NowMs) != false;

    /// <summary>Whoever wants at least one of these topics.</summary>
    public IReadOnlyList<Peer> Subscribers(FabricChannel channel, ulong topics)
    {
        var wanting = new List<Peer>();
        foreach (var (peer, wanted) in _subscribers.Of(channel))
        {
            if ((wanted & topics) != 0) wanting.Add(peer);
        }

        return wanting;
    }

    /// <summary>The topics of a channel that somebody elsewhere wants.</summary>
    public ulong WantedElsewhere(FabricChannel channel) => _subscribers.Wanted(channel);

    /// <summary>Says to a node which topics of a channel are wanted here from now on: at once, and again with each new link.</summary>
    /// <param name="publisher">Who publishes.</param>
    /// <param name="channel">The channel.</param>
    /// <param name="topics">As bits; none: no more.</param>
    public void Subscribe(Peer publisher, FabricChannel channel, ulong topics) => LinkTo(publisher)?.Subscribe(new Subscription(channel, topics));

    /// <summary>Bytes that links keep until they are acknowledged.</summary>
    public long KeptBytes() => _links.Sum(link => link.Value.KeptBytes);

    /// <summary>Frames that were sent again, over all links.</summary>
    public long Replayed() => _links.Sum(link => link.Value.Replayed);

    /// <summary>Stops listening, closes every link, and returns when nothing of the table runs any more. What still waits is dropped.</summary>
    public async ValueTask DisposeAsync()
    {
        OutgoingLink[] outgoing;
        lock (_lock)
        {
            _isClosing = true;
            outgoing = [.. _links.Select(link => link.Value)];
        }

        _closing.Cancel();
        await _timer.DisposeAsync();
        foreach (var listener in _listeners) await listener.DisposeAsync();
        foreach (var accepting in _accepting) await accepting;
        IncomingLink[] incoming;
        lock (_lock) incoming = [.. _incoming];
        foreach (var link in incoming) await link.CloseAsync();
        foreach (var link in outgoing) await link.CloseAsync();
    }

    public void Post(IThreadPoolWorkItem item) => Dispatcher.Post(item);

    public ulong NextStream() => Interlocked.Increment(ref _streamsBegun);

    public void Carried(long bytes) => Interlocked.Add(ref _bytesCarried, bytes);

    /// <summary>Counts what has come of messages that are not whole, and what does not count any more.</summary>
    public void HalfReceived(long bytes) => Interlocked.Add(ref _halfReceivedBytes, bytes);

    /// <summary>Makes sure that a part of a message can be kept. Where it cannot, what has come of its stream goes, so that others become whole: that sender begins anew.</summary>
    /// <exception cref="LinkViolationException">There is no room.</exception>
    public void MakeSureOfRoom(IncomingStreams streams, long bytes)
    {
        if (Interlocked.Read(ref _halfReceivedBytes) + bytes <= Settings.MostHalfReceivedBytes) return;
        lock (_lock)
        {
            if (IsKnownLocked(streams)) ForgetLocked(streams.Key);
        }

        HalfReceived(-streams.DropHalfReceived());
        throw new LinkViolationException(LinkFault.NoRoom, $"A node keeps at most {Settings.MostHalfReceivedBytes} bytes of messages that have not come whole.");
    }

    public void Duplicate() => _instruments.Duplicate();

    /// <summary>What we say first over a link.</summary>
    public Hello HelloOf(ulong stream) => new(Settings.Versions, Settings.Cluster, _self, stream);

    /// <exception cref="TransportException">It cannot be reached, or no transport of this host serves the address.</exception>
    public async ValueTask<ILink> ConnectAsync(Uri address)
    {
        var link = await TransportFor(address)!.ConnectAsync(address, Closing);
        return await WrapAsync(link, isOurs: true);
    }

    /// <summary>The link with whatever goes around links here. Where that fails, or the other end keeps us waiting, the link is closed.</summary>
    /// <exception cref="LinkClosedException">There is no agreement with the other end.</exception>
    public async ValueTask<ILink> WrapAsync(ILink link, bool isOurs)
    {
        if (Settings.Wrap is not { } wrap) return link;
        using var silent = new CancellationTokenSource(TimeSpan.FromMilliseconds(Settings.Liveness.SilentMs), Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(Closing, silent.Token);
        try
        {
            return await wrap(link, isOurs, either.Token);
        }
        catch (OperationCanceledException error) when (silent.IsCancellationRequested)
        {
            await link.DisposeAsync();
            throw new LinkClosedException(link.Peer.Address, "the other end kept us waiting", error);
        }
        catch
        {
            await link.DisposeAsync();
            throw;
        }
    }

    /// <summary>Makes the link the one in use of its stream, and waits until the one before has ended. Null where another one came meanwhile.</summary>
    /// <exception cref="LinkViolationException">There are too many streams.</exception>
    public async ValueTask<IncomingStreams?> AdmitAsync(IncomingLink link, Hello hello)
    {
        var key = KeyOf(hello.Peer, hello.Stream);
        IncomingStreams? streams;
        IncomingLink? before;
        IncomingStreams? replaced;
        lock (_lock)
        {
            replaced = hello.Replaces == hello.Stream ? null : ForgetLocked(KeyOf(hello.Peer, hello.Replaces));
            if (!_streams.TryGetValue(key, out streams))
            {
                MakeRoomLocked(key.Node);
                _streams.Add(key, streams = new IncomingStreams(Settings, key));
            }

            before = streams.Link;
            streams.Link = link;
        }

        // Two links of one stream, or of a stream and what it takes the place of, are never read at once.
        if (replaced is not null) await EndAsync(replaced);
        if (before is not null) await before.CloseAsync();
        bool hasChanged;
        lock (_lock)
        {
            if (streams.Link != link || IsClosing || !IsKnownLocked(streams)) return null;
            hasChanged = _subscribers.Set(key, hello.Peer, hello.Subscriptions);
        }

        if (hasChanged) Receiver.SubscribersChanged();
        if (Find(hello.Peer) is { } ours) ours.PeerIsThere();
        return streams;
    }

    public void Subscribed(IncomingStreams streams, Peer peer, Subscription subscription)
    {
        bool hasChanged;
        lock (_lock) hasChanged = IsKnownLocked(streams) && _subscribers.Change(streams.Key, peer, subscription);
        if (hasChanged) Receiver.SubscribersChanged();
    }

    public void Remove(IncomingLink link, IncomingStreams? streams)
    {
        lock (_lock)
        {
            _incoming.Remove(link);
            if (streams is null || streams.Link != link) return;
            streams.Link = null;
            streams.PartedMs = NowMs;
        }
    }

    /// <summary>
    /// The link from a peer has ended: where nobody listens any more its process is gone, and that is worth knowing at once. Only whom we talk to ourselves is called: a
    /// stranger could name any address.
    /// </summary>
    public void Knock(Peer peer)
    {
        if (!IsClosing && Find(peer) is { } link) link.Knock(peer);
    }

    /// <summary>Nobody listens where the peer did.</summary>
    public void Gone(Peer peer)
    {
        if (IsClosing) return;
        if (_subscribers.Remove(peer.Node, peer.Incarnation)) Receiver.SubscribersChanged();
        Receiver.Gone(peer);
    }

    /// <summary>There has been no link to the peer for too long.</summary>
    public void Unreachable(Peer peer)
    {
        if (!IsClosing) Receiver.Unreachable(peer);
    }

    public void Undelivered(Peer to, FabricChannel channel, byte[] content)
    {
        if (IsClosing) return;
        _instruments.Undelivered(ChannelPromise.Of(channel).Name);
        Receiver.Undelivered(to, channel, new ReadOnlySequence<byte>(content));
    }

    /// <summary>The link has ended; where its transport found what is none of its own, that is a violation too.</summary>
    public void Ended(LinkClosedException error)
    {
        if (error.IsViolation) Violated(error.Peer, new LinkViolationException(LinkFault.Malformed, error.Message, error));
    }

    public void Violated(string peer, LinkViolationException error)
    {
        _instruments.Closed(error.Fault);
        Log.Violated(_logger, peer, error.Fault, error.Message);
    }

    public void Broken(string peer, Exception error)
    {
        if (!IsClosing) Log.Broken(_logger, peer, error);
    }

    /// <summary>Closes a link whose reader or sender will notice. Whoever has nothing to wait for calls it.</summary>
    public void Close(ILink link, LinkFault fault)
    {
        if (fault != LinkFault.None) _instruments.Closed(fault);
        Post(new Disposal(link));
    }

    private static StreamKey KeyOf(Peer peer, ulong stream) => new(peer.Node, peer.Incarnation, stream);

    /// <summary>Whether it is not forgotten: nobody would take back what it wants.</summary>
    private bool IsKnownLocked(IncomingStreams streams) => _streams.GetValueOrDefault(streams.Key) == streams;

    private IncomingStreams? ForgetLocked(StreamKey key)
    {
        if (!_streams.Remove(key, out var streams)) return null;
        _subscribers.Remove(key);
        return streams;
    }

    /// <summary>Nothing of a forgotten stream is read any more, nor kept.</summary>
    private async ValueTask EndAsync(IncomingStreams forgotten)
    {
        if (forgotten.Link is { } link) await link.CloseAsync();
        HalfReceived(-forgotten.DropHalfReceived());
    }

    /// <summary>Where there are too many streams, of a node or of all, the one that has been without a link for longest goes.</summary>
    private void MakeRoomLocked(NodeId node)
    {
        if (_streams.Count(known => known.Key.Node == node) >= Settings.MostStreamsOfNode) ForgetOldestLocked(key => key.Node == node, $"node {node}");
        if (_streams.Count >= Settings.MostStreams) ForgetOldestLocked(static _ => true, "this node");
    }

    private void ForgetOldestLocked(Func<StreamKey, bool> isOf, string whose)
    {
        var parted = _streams.Where(known => isOf(known.Key) && known.Value.Link is null).ToArray();
        if (parted.Length == 0) throw new LinkViolationException(LinkFault.NoRoom, $"There are too many streams to {whose} at once.");
        HalfReceived(-ForgetLocked(parted.MinBy(known => known.Value.PartedMs).Key)!.DropHalfReceived());      // it has no link: nobody reads it
    }

    /// <summary>Hot: found without a lock; made under it.</summary>
    private OutgoingLink? LinkTo(Peer to)
    {
        if (!IsClosing && Find(to) is { } known) return known;
        lock (_lock)
        {
            if (IsClosing) return null;
            if (Find(to) is { } link) return link;
            if (AddressesIn(to.Endpoint) is not { Length: > 0 } addresses) return null;
            link = new OutgoingLink(this, to, addresses, _random.Next());
            var key = LinkKey.Of(to);
            _outgoing[key] = link;
            _links = [.. _links.Where(other => other.Key != key), new(key, link)];
            TickLocked();
            return link;
        }
    }

    /// <summary>The link to the node, or the one that was opened to whoever answers there, where it was that node.</summary>
    /// <remarks>Hot: most messages go where the one before went, and two names are longer to hash than a message is to write.</remarks>
    private OutgoingLink? Find(Peer to)
    {
        if (_found is { } found && ReferenceEquals(found.To, to) && found.Link.IsInUse && found.Link.Serves(to)) return found.Link;
        if (!_outgoing.TryGetValue(LinkKey.Of(to), out var link) && !(_outgoing.TryGetValue(new LinkKey(default, to.Endpoint), out link) && link.Serves(to))) return null;
        _found = new Found(to, link);
        return link;
    }

    /// <summary>Those of a node's addresses that one of our transports serves.</summary>
    private Uri[] AddressesIn(string endpoint) =>
        [.. endpoint.Split(' ').Select(part => Uri.TryCreate(part, UriKind.Absolute, out var address) ? address : null).OfType<Uri>().Where(address => TransportFor(address) is not null)];

    private ITransport? TransportFor(Uri address) => _transports.FirstOrDefault(transport => transport.Scheme == address.Scheme);

    [SuppressMessage("Design", "CA1031", Justification = "The outermost catch of the listener: an adapter that breaks its promise costs its listener, not the node.")]
    private async Task AcceptAsync(IListener listener)
    {
        try
        {
            while (true) Accepted(await listener.AcceptAsync(CancellationToken.None));
        }
        catch (Exception error)
        {
            if (IsClosing) return;      // we disposed it
            lock (_lock) _lostListeners.Add(listener.Address.Scheme);
            _instruments.ListenerLost();
            Log.Deaf(_logger, listener.Address.AbsoluteUri, error);
        }
    }

    private void Accepted(ILink link)
    {
        var incoming = new IncomingLink(this, link);
        lock (_lock)
        {
            if (_incoming.Count < Settings.MostLinks)
            {
                _incoming.Add(incoming);
                TickLocked();
                Post(incoming);
                return;
            }
        }

        Close(link, LinkFault.NoRoom);
    }

    /// <summary>A node without links wakes nobody.</summary>
    private void TickLocked()
    {
        if (_isTicking || IsClosing) return;
        _isTicking = true;
        _tickedMs = NowMs;
        _timer.Change(TickEvery, TickEvery);
    }

    private TimeSpan TickEvery => TimeSpan.FromMilliseconds(Settings.Liveness.HeartbeatMs / TicksPerHeartbeat);

    private void Tick()
    {
        if (IsClosing) return;
        var nowMs = NowMs;
        var lateMs = nowMs - _tickedMs - (2 * (long)TickEvery.TotalMilliseconds);
        _tickedMs = nowMs;
        var hasChanged = false;
        IncomingLink[] incoming;
        lock (_lock)
        {
            incoming = [.. _incoming];
            foreach (var (key, streams) in _streams)
            {
                if (streams.Link is not null || nowMs - streams.PartedMs < Settings.RememberMs) continue;
                HalfReceived(-streams.DropHalfReceived());
                _streams.Remove(key);
                hasChanged |= _subscribers.Remove(key);
            }
        }

        if (hasChanged) Receiver.SubscribersChanged();
        foreach (var link in _links)
        {
            if (link.Value.TryRetire(nowMs)) Forget(link);
        }

        foreach (var (_, link) in _links) link.Tick(nowMs, lateMs);
        foreach (var link in incoming) link.Tick(nowMs, lateMs);
    }

    private void Forget(KeyValuePair<LinkKey, OutgoingLink> retired)
    {
        lock (_lock)
        {
            _outgoing.TryRemove(retired);
            _links = [.. _links.Where(link => link.Value != retired.Value)];
        }
    }

    /// <summary>The link that was looked up last.</summary>
    private sealed record Found(Peer To, OutgoingLink Link);

    /// <summary>A node, where it listens: another one at the same address is another, and so is it elsewhere.</summary>
    private readonly record struct LinkKey(NodeId Node, string Endpoint)
    {
        public static LinkKey Of(Peer peer) => new(peer.Node, peer.Endpoint);
    }

    /// <summary>Closes a link for whoever cannot wait for it.</summary>
    private sealed class Disposal(ILink link) : IThreadPoolWorkItem
    {
        private Task _disposing = Task.CompletedTask;      // never faults: adapters promise it

        public void Execute() => _disposing = link.DisposeAsync().AsTask();
    }

    private static partial class Log
    {
        [LoggerMessage(LogIds.LinkViolated, LogLevel.Warning, "The link with {Peer} was closed for {Fault}: {What}")]
        public static partial void Violated(ILogger logger, string peer, LinkFault fault, string what);

        [LoggerMessage(LogIds.ListenerLost, LogLevel.Critical, "Nobody listens at {Address} any more: other nodes cannot reach this one there until it is started again")]
        public static partial void Deaf(ILogger logger, string address, Exception error);

        [LoggerMessage(LogIds.LinkBroken, LogLevel.Error, "The link with {Peer} broke in a way that its transport does not promise, and was closed")]
        public static partial void Broken(ILogger logger, string peer, Exception error);
    }
}
