using System.Buffers;
using Microsoft.Extensions.Logging.Abstractions;
using Rqml.Diagnostics;
using Rqml.Hosting;
using Rqml.Messaging;
using Rqml.Messaging.Links;

namespace Rqml.Benchmarks.Messaging;

/// <summary>The links of one process, and what it does with what comes.</summary>
internal sealed class Node : ILinkReceiver, IAsyncDisposable
{
    private readonly Action<ReadOnlySequence<byte>> _take;

    private Node(string name, ITransport transport, IListener listener, Action<ReadOnlySequence<byte>> take)
    {
        _take = take;
        Peer = new Peer(new NodeId(name), new Incarnation(1), listener.Address.AbsoluteUri);
        Links = new LinkTable(Peer, [transport], [listener], new LinkSettings(), Dispatcher.ThreadPool, new Clock(TimeProvider.System), 1, this, RqmlInstruments.OfProcess.Messaging, NullLogger.Instance);
        Links.Start();
    }

    public Peer Peer { get; }

    public LinkTable Links { get; }

    public static async Task<Node> StartAsync(string name, ITransport transport, Action<ReadOnlySequence<byte>> take) =>
        new(name, transport, await transport.ListenAsync(transport.AddressFor(name, isOwn: false), CancellationToken.None), take);

    public static Peer PeerAt(string name, string endpoint) => new(new NodeId(name), new Incarnation(1), endpoint);

    public ValueTask DisposeAsync() => Links.DisposeAsync();

    void ILinkReceiver.Received(IncomingLink link, in ReceivedMessage message)
    {
        _take(message.Content);
        link.Consumed(message.Channel, message.OwedBytes);
    }

    void ILinkReceiver.BlockEnded(IncomingLink link) { }

    void ILinkReceiver.Undelivered(Peer to, FabricChannel channel, ReadOnlySequence<byte> content) => throw new InvalidOperationException("A message came back.");

    void ILinkReceiver.Gone(Peer peer) { }

    void ILinkReceiver.Unreachable(Peer peer) { }

    void ILinkReceiver.SubscribersChanged() { }
}
