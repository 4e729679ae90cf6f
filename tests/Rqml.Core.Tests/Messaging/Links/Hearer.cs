using System.Buffers;
using System.Collections.Concurrent;
using System.Threading.Channels;

namespace Rqml.Messaging.Links;

/// <summary>Writes down what a table of links says of others.</summary>
internal sealed class Hearer : ILinkReceiver
{
    public Channel<Peer> Gone { get; } = Channel.CreateUnbounded<Peer>();

    public Channel<Peer> Unreachable { get; } = Channel.CreateUnbounded<Peer>();

    public Channel<int> Returned { get; } = Channel.CreateUnbounded<int>();

    /// <summary>Who sent each message that came.</summary>
    public ConcurrentQueue<Peer> Whole { get; } = new();

    void ILinkReceiver.Received(IncomingLink link, in ReceivedMessage message) => Whole.Enqueue(message.From);

    void ILinkReceiver.BlockEnded(IncomingLink link) { }

    void ILinkReceiver.Undelivered(Peer to, FabricChannel channel, ReadOnlySequence<byte> content) => Returned.Writer.TryWrite((int)content.Length);

    void ILinkReceiver.Gone(Peer peer) => Gone.Writer.TryWrite(peer);

    void ILinkReceiver.Unreachable(Peer peer) => Unreachable.Writer.TryWrite(peer);

    void ILinkReceiver.SubscribersChanged() { }
}
