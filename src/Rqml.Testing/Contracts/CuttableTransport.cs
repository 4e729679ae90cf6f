using System.Buffers;
using System.Collections.Concurrent;
using Rqml.Messaging;

namespace Rqml.Testing.Contracts;

/// <summary>A transport whose links a test can cut off in the middle.</summary>
internal sealed class CuttableTransport(ITransport transport) : ITransport
{
    private readonly ConcurrentDictionary<Link, bool> _links = new();
    private int _connections;

    public string Scheme => transport.Scheme;

    public TransportCapabilities Capabilities => transport.Capabilities;

    /// <summary>Links that were opened from here so far.</summary>
    public int Connections => Volatile.Read(ref _connections);

    public Uri AddressFor(string node, bool isOwn) => transport.AddressFor(node, isOwn);

    public ValueTask<IListener> ListenAsync(Uri address, CancellationToken cancellationToken) => transport.ListenAsync(address, cancellationToken);

    public async ValueTask<ILink> ConnectAsync(Uri address, CancellationToken cancellationToken)
    {
        var link = new Link(this, await transport.ConnectAsync(address, cancellationToken));
        Interlocked.Increment(ref _connections);
        _links.TryAdd(link, true);
        return link;
    }

    /// <summary>Closes every link that was opened from here.</summary>
    public async Task CutAsync()
    {
        foreach (var link in _links.Keys) await link.DisposeAsync();
    }

    private sealed class Link(CuttableTransport owner, ILink link) : ILink
    {
        public PeerIdentity Peer => link.Peer;

        public ValueTask SendBlockAsync(ReadOnlySequence<byte> block, CancellationToken cancellationToken) => link.SendBlockAsync(block, cancellationToken);

        public ValueTask<Block> ReceiveBlockAsync(CancellationToken cancellationToken) => link.ReceiveBlockAsync(cancellationToken);

        public ValueTask DisposeAsync()
        {
            owner._links.TryRemove(this, out _);
            return link.DisposeAsync();
        }
    }
}
