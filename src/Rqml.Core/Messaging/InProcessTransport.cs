using System.Buffers;
using System.Collections.Concurrent;
using System.Threading.Channels;

namespace Rqml.Messaging;

/// <summary>Links between nodes of one process: blocks are handed over, nothing leaves the process. Every instance that a host or a user makes sees the same addresses.</summary>
public sealed class InProcessTransport : ITransport
{
    internal const string SchemeName = "inproc";
    private const int MaxBlockBytes = 4 << 20;
    private const int MaxOffered = 128;      // links that wait to be accepted, as the backlog of a socket
    private static readonly ConcurrentDictionary<string, Listener> OfProcess = new();
    private readonly ConcurrentDictionary<string, Listener> _listeners;

    /// <summary>A transport to every node of the process that listens on one.</summary>
    public InProcessTransport() : this(OfProcess) { }

    private InProcessTransport(ConcurrentDictionary<string, Listener> listeners) => _listeners = listeners;

    /// <inheritdoc/>
    public string Scheme => SchemeName;

    /// <inheritdoc/>
    public TransportCapabilities Capabilities { get; } = new(MaxBlockBytes, IsLocal: true, IsEncrypted: false);

    /// <summary>One whose addresses nobody else sees: for the nodes of one host, whatever those of another are called.</summary>
    internal static InProcessTransport Private() => new(new ConcurrentDictionary<string, Listener>());

    /// <inheritdoc/>
    public Uri AddressFor(string node, bool isOwn) => new($"{SchemeName}://{node}");

    /// <inheritdoc/>
    public ValueTask<IListener> ListenAsync(Uri address, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(address);
        cancellationToken.ThrowIfCancellationRequested();
        var listener = new Listener(_listeners, address);
        if (!_listeners.TryAdd(address.AbsoluteUri, listener)) throw new TransportException(address.AbsoluteUri, "another node of this process listens there");
        return new(listener);
    }

    /// <inheritdoc/>
    public async ValueTask<ILink> ConnectAsync(Uri address, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(address);
        cancellationToken.ThrowIfCancellationRequested();
        if (!_listeners.TryGetValue(address.AbsoluteUri, out var listener)) throw new ConnectionRefusedException(address.AbsoluteUri);
        var there = new BlockPipe(address.AbsoluteUri);
        var back = new BlockPipe(address.AbsoluteUri);
        await listener.OfferAsync(new Link(address.AbsoluteUri, there, back), cancellationToken);
        return new Link(address.AbsoluteUri, back, there);
    }

    private sealed class Listener(ConcurrentDictionary<string, Listener> listeners, Uri address) : IListener
    {
        private readonly Channel<ILink> _offered = Channel.CreateBounded<ILink>(MaxOffered);

        public Uri Address => address;

        public async ValueTask<ILink> AcceptAsync(CancellationToken cancellationToken)
        {
            try
            {
                return await _offered.Reader.ReadAsync(cancellationToken);
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
                await _offered.Writer.WriteAsync(link, cancellationToken);
            }
            catch (ChannelClosedException)
            {
                throw new ConnectionRefusedException(address.AbsoluteUri);
            }
        }

        public async ValueTask DisposeAsync()
        {
            listeners.TryRemove(new(address.AbsoluteUri, this));
            _offered.Writer.TryComplete();
            while (_offered.Reader.TryRead(out var link)) await link.DisposeAsync();      // nobody will ever accept it
        }
    }

    private sealed class Link(string peer, BlockPipe incoming, BlockPipe outgoing) : ILink
    {
        public PeerIdentity Peer { get; } = new(peer);

        public ValueTask SendBlockAsync(ReadOnlySequence<byte> block, CancellationToken cancellationToken)
        {
            if (block.Length > MaxBlockBytes) throw new ArgumentException($"A block has at most {MaxBlockBytes} bytes, not {block.Length}.", nameof(block));
            return outgoing.WriteAsync(block, cancellationToken);
        }

        public async ValueTask<Block> ReceiveBlockAsync(CancellationToken cancellationToken) =>
            new(new ReadOnlySequence<byte>(await incoming.ReadAsync(cancellationToken)), null);

        public ValueTask DisposeAsync()
        {
            // Both directions end: whoever reads or sends at either end hears of it.
            outgoing.Close();
            incoming.Close();
            return ValueTask.CompletedTask;
        }
    }
}
