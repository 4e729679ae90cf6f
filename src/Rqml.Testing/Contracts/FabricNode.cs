using System.Buffers;
using System.Collections.Concurrent;
using System.Diagnostics;
using System.Threading.Channels;
using Microsoft.Extensions.Logging.Abstractions;
using Rqml.Diagnostics;
using Rqml.Hosting;
using Rqml.Messaging;
using Rqml.Messaging.Frames;
using Rqml.Messaging.Links;

namespace Rqml.Testing.Contracts;

/// <summary>What a node of a test has received.</summary>
internal sealed record Arrival(Peer From, FabricChannel Channel, FrameKind Kind, ulong Topics, ActivityContext? Trace, byte[] Content)
{
    public long Number => BitConverter.ToInt64(Content);

    /// <summary>Which of all that came it is, over all channels: the first is 1.</summary>
    public required long Place { get; init; }
}

/// <summary>The links of one node, and what they bring, with nothing of a node above them.</summary>
internal sealed class FabricNode : ILinkReceiver, IAsyncDisposable
{
    private readonly ConcurrentDictionary<FabricChannel, Channel<Arrival>> _arrivals = new();
    private readonly Channel<(Peer To, FabricChannel Channel, byte[] Content)> _undelivered = System.Threading.Channels.Channel.CreateUnbounded<(Peer, FabricChannel, byte[])>();
    private readonly Channel<Peer> _gone = System.Threading.Channels.Channel.CreateUnbounded<Peer>();
    private readonly Channel<Peer> _unreachable = System.Threading.Channels.Channel.CreateUnbounded<Peer>();
    private long _arrived;
    private readonly ConcurrentQueue<(IncomingLink Link, FabricChannel Channel, int Bytes)> _owed = new();

    private FabricNode(string name, ulong incarnation, ITransport transport, IListener listener, LinkSettings settings)
    {
        Peer = new Peer(new NodeId(name), new Incarnation(incarnation), listener.Address.AbsoluteUri);
        Links = new LinkTable(Peer, [transport], [listener], settings, Dispatcher.ThreadPool, new Clock(TimeProvider.System), incarnation, this, RqmlInstruments.OfProcess.Messaging, NullLogger.Instance);
        Links.Start();
    }

    public Peer Peer { get; }

    public LinkTable Links { get; }

    /// <summary>Whether what has come is used up at once; else the senders' credit stays away.</summary>
    public bool Consumes { get; set; } = true;

    /// <summary>Bytes of messages that have come and were not used up.</summary>
    public long HeldBytes => _owed.Sum(owed => (long)owed.Bytes);

    public static async Task<FabricNode> StartAsync(string name, ulong incarnation, ITransport transport, Uri address, LinkSettings settings) =>
        new(name, incarnation, transport, await transport.ListenAsync(address, CancellationToken.None), settings);

    public bool TrySend(FabricNode to, FabricChannel channel, byte[] content, ulong topics = 0, ActivityContext trace = default) => Links.TrySend(to.Peer, channel, topics, trace, new WrittenContent(content));

    public Task SendAsync(FabricNode to, FabricChannel channel, byte[] content, CancellationToken cancellationToken = default) =>
        Links.SendAsync(to.Peer, channel, default, new WrittenContent(content), cancellationToken).AsTask();

    /// <summary>The next message of a channel.</summary>
    public Task<Arrival> ReceiveAsync(FabricChannel channel) => Step.Within($"a message of {channel}", Arrivals(channel).Reader.ReadAsync().AsTask());

    public bool HasReceived(FabricChannel channel) => Arrivals(channel).Reader.TryPeek(out _);

    public Task<(Peer To, FabricChannel Channel, byte[] Content)> UndeliveredAsync() => Step.Within("a message that comes back", _undelivered.Reader.ReadAsync().AsTask());

    public Task<Peer> GoneAsync() => Step.Within("that a peer is gone", _gone.Reader.ReadAsync().AsTask());

    public Task<Peer> UnreachableAsync() => Step.Within("that a peer cannot be reached", _unreachable.Reader.ReadAsync().AsTask());

    /// <summary>Uses up what was held back, and all that comes from now on.</summary>
    public void ConsumeAll()
    {
        Consumes = true;
        while (_owed.TryDequeue(out var owed)) owed.Link.Consumed(owed.Channel, owed.Bytes);
    }

    public ValueTask DisposeAsync() => Links.DisposeAsync();

    void ILinkReceiver.Received(IncomingLink link, in ReceivedMessage message)
    {
        Arrivals(message.Channel).Writer.TryWrite(new Arrival(message.From, message.Channel, message.Kind, message.Topics, message.Trace, message.Content.ToArray()) { Place = Interlocked.Increment(ref _arrived) });
        if (Consumes) link.Consumed(message.Channel, message.OwedBytes);
        else _owed.Enqueue((link, message.Channel, message.OwedBytes));
    }

    void ILinkReceiver.BlockEnded(IncomingLink link) { }

    void ILinkReceiver.Undelivered(Peer to, FabricChannel channel, ReadOnlySequence<byte> content) => _undelivered.Writer.TryWrite((to, channel, content.ToArray()));

    void ILinkReceiver.Gone(Peer peer) => _gone.Writer.TryWrite(peer);

    void ILinkReceiver.Unreachable(Peer peer) => _unreachable.Writer.TryWrite(peer);

    void ILinkReceiver.SubscribersChanged() { }

    private Channel<Arrival> Arrivals(FabricChannel channel) => _arrivals.GetOrAdd(channel, static _ => System.Threading.Channels.Channel.CreateUnbounded<Arrival>());
}
