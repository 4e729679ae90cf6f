using System.Buffers;
using System.Collections.Concurrent;
using System.Threading.Channels;

namespace Rqml.Messaging;

/// <summary>Links between nodes of one process: blocks are handed over, nothing leaves the process. Every instance sees the same addresses.</summary>
public sealed class InProcessTransport : ITransport
{
    internal const string SchemeName = "inproc";
    private const int MaxBlockBytes = 64 << 20;
    private const int BlocksInFlight = 64;
    private static readonly ConcurrentDictionary<string, Listener> Listeners = new();

    /// <inheritdoc/>
    public string Scheme => SchemeName;

    /// <inheritdoc/>
    public TransportCapabilities Capabilities { get; } = new(MaxBlockBytes, IsLocal: true, IsEncrypted: false);

    /// <inheritdoc/>
    public ValueTask<IListener> ListenAsync(Uri address, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(address);
        var listener = new Listener(address);
        if (!Listeners.TryAdd(address.AbsoluteUri, listener)) throw new TransportException(address.AbsoluteUri, "another node of this process listens there");
        return new(listener);
    }

    /// <inheritdoc/>
    public async ValueTask<ILink> ConnectAsync(Uri address, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(address);
        if (!Listeners.TryGetValue(address.AbsoluteUri, out var listener)) throw new ConnectionRefusedException(address.AbsoluteUri);
        var there = NewChannel();
        var back = NewChannel();
        await listener.OfferAsync(new Link(address.AbsoluteUri, there, back), cancellationToken);
        return new Link(address.AbsoluteUri, back, there);
    }

    private static Channel<byte[]> NewChannel() => Channel.CreateBounded<byte[]>(new BoundedChannelOptions(BlocksInFlight) { SingleReader = true, SingleWriter = true });

    private sealed class Listener(Uri address) : IListener
    {
        private readonly Channel<ILink> _links = Channel.CreateUnbounded<ILink>();

        public Uri Address => address;

        public async ValueTask<ILink> AcceptAsync(CancellationToken cancellationToken)
        {
            try
            {
                return await _links.Reader.ReadAsync(cancellationToken);
            }
            catch (ChannelClosedException)
            {
                throw new TransportException(address.AbsoluteUri, "the listener was disposed");
            }
        }

        public async ValueTask OfferAsync(ILink link, CancellationToken cancellationToken)
        {
            try
            {
                await _links.Writer.WriteAsync(link, cancellationToken);
            }
            catch (ChannelClosedException)
            {
                throw new ConnectionRefusedException(address.AbsoluteUri);
            }
        }

        public ValueTask DisposeAsync()
        {
            Listeners.TryRemove(new(address.AbsoluteUri, this));
            _links.Writer.TryComplete();
            return ValueTask.CompletedTask;
        }
    }

    private sealed class Link(string peer, Channel<byte[]> incoming, Channel<byte[]> outgoing) : ILink
    {
        public PeerIdentity Peer { get; } = new(peer);

        public async ValueTask SendBlockAsync(ReadOnlySequence<byte> block, CancellationToken cancellationToken)
        {
            if (block.Length > MaxBlockBytes) throw new ArgumentException($"A block has at most {MaxBlockBytes} bytes, not {block.Length}.", nameof(block));
            try
            {
                await outgoing.Writer.WriteAsync(block.ToArray(), cancellationToken);
            }
            catch (ChannelClosedException)
            {
                throw new LinkClosedException(peer, "the other end closed it");
            }
        }

        public async ValueTask<Block> ReceiveBlockAsync(CancellationToken cancellationToken)
        {
            try
            {
                return new Block(new ReadOnlySequence<byte>(await incoming.Reader.ReadAsync(cancellationToken)), null);
            }
            catch (ChannelClosedException)
            {
                throw new LinkClosedException(peer, "the other end closed it");
            }
        }

        public ValueTask DisposeAsync()
        {
            // Both directions end: a reader that waits at either end hears of it, and so does a sender that waits for room.
            outgoing.Writer.TryComplete();
            incoming.Writer.TryComplete();
            return ValueTask.CompletedTask;
        }
    }
}
