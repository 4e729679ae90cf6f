using System.Buffers;
using Rqml.Messaging;

namespace Rqml.Soak.Cluster;

/// <summary>Whether a process is cut off.</summary>
internal sealed class PartitionLine
{
    private volatile bool _isCut;

    public bool IsCut { get => _isCut; set => _isCut = value; }
}

/// <summary>
/// A real transport that loses everything while its process is cut off, both ways, as a network does: nobody is refused, nothing is closed, and what was on its way is gone. A link that
/// has lost something is of no use any more, and closes once the process is reached again.
/// </summary>
internal sealed class PartitionedTransport(ITransport transport, Uri listen, PartitionLine line) : ITransport
{
    private static readonly TimeSpan GivesUpAfter = TimeSpan.FromSeconds(2);

    public string Scheme => transport.Scheme;

    public TransportCapabilities Capabilities => transport.Capabilities;

    public Uri AddressFor(string node, bool isOwn) => isOwn ? listen : transport.AddressFor(node, isOwn);

    public async ValueTask<IListener> ListenAsync(Uri address, CancellationToken cancellationToken) => new Listener(await transport.ListenAsync(address, cancellationToken), line);

    public async ValueTask<ILink> ConnectAsync(Uri address, CancellationToken cancellationToken)
    {
        if (!line.IsCut) return new Link(await transport.ConnectAsync(address, cancellationToken), line);
        await Task.Delay(GivesUpAfter, cancellationToken);
        throw new TransportException(address.AbsoluteUri, "the process is cut off");
    }

    private sealed class Listener(IListener listener, PartitionLine line) : IListener
    {
        public Uri Address => listener.Address;

        public async ValueTask<ILink> AcceptAsync(CancellationToken cancellationToken) => new Link(await listener.AcceptAsync(cancellationToken), line);

        public ValueTask DisposeAsync() => listener.DisposeAsync();
    }

    private sealed class Link(ILink link, PartitionLine line) : ILink
    {
        private volatile bool _hasLost;

        public PeerIdentity Peer => link.Peer;

        public async ValueTask SendBlockAsync(ReadOnlySequence<byte> block, CancellationToken cancellationToken)
        {
            if (IsLost()) return;
            await link.SendBlockAsync(block, cancellationToken);
        }

        public async ValueTask<Block> ReceiveBlockAsync(CancellationToken cancellationToken)
        {
            while (true)
            {
                var block = await link.ReceiveBlockAsync(cancellationToken);
                if (!IsLost()) return block;
                block.Dispose();
            }
        }

        public ValueTask DisposeAsync() => link.DisposeAsync();

        private bool IsLost()
        {
            if (line.IsCut) return _hasLost = true;
            return _hasLost ? throw new LinkClosedException(Peer.Address, "it has lost what was on its way while the process was cut off") : false;
        }
    }
}
