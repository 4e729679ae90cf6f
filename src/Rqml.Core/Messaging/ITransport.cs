using System.Buffers;

namespace Rqml.Messaging;

/// <summary>The seam of transport adapters: moves blocks of frames between nodes and knows nothing of their content.</summary>
public interface ITransport
{
    /// <summary>The scheme of the addresses that this transport serves, such as <c>tcp</c>.</summary>
    string Scheme { get; }

    /// <summary>What this transport can do.</summary>
    TransportCapabilities Capabilities { get; }

    /// <summary>Where a node listens, as the host's options say.</summary>
    /// <param name="node">Its name.</param>
    /// <param name="isOwn">Whether it is the host's own node; a further node of the host takes any free address beside that.</param>
    Uri AddressFor(string node, bool isOwn);

    /// <summary>Listens at <paramref name="address"/> until the listener is disposed.</summary>
    /// <exception cref="TransportException">The address is taken or cannot be listened on.</exception>
    ValueTask<IListener> ListenAsync(Uri address, CancellationToken cancellationToken);

    /// <summary>Opens a link to whoever listens at <paramref name="address"/>. Gives up by itself after some seconds.</summary>
    /// <exception cref="ConnectionRefusedException">It was reached, and nobody listens there.</exception>
    /// <exception cref="TransportException">It could not be reached: whether anybody listens is not known.</exception>
    ValueTask<ILink> ConnectAsync(Uri address, CancellationToken cancellationToken);
}

/// <summary>Hands out the links that others open. Disposing it stops listening and leaves its links alone.</summary>
public interface IListener : IAsyncDisposable
{
    /// <summary>Where a peer connects: with the port that was taken, and the name that others know, where the options say one.</summary>
    Uri Address { get; }

    /// <summary>The next link that a peer opened.</summary>
    /// <exception cref="TransportException">The listener was disposed.</exception>
    ValueTask<ILink> AcceptAsync(CancellationToken cancellationToken);
}

/// <summary>One connection: ordered, whole blocks, both ways. One sender and one receiver at a time.</summary>
public interface ILink : IAsyncDisposable
{
    /// <summary>Who is at the other end, as far as the transport knows.</summary>
    PeerIdentity Peer { get; }

    /// <summary>Sends one block. Its completion is the back-pressure: the bytes belong to the caller again after that.</summary>
    /// <exception cref="LinkClosedException">The link is closed.</exception>
    /// <exception cref="ArgumentException">The block is longer than <see cref="TransportCapabilities.MaxBlockBytes"/>.</exception>
    ValueTask SendBlockAsync(ReadOnlySequence<byte> block, CancellationToken cancellationToken);

    /// <summary>The next block; the caller disposes it before it asks for another.</summary>
    /// <exception cref="LinkClosedException">The link is closed and everything received has been handed out.</exception>
    ValueTask<Block> ReceiveBlockAsync(CancellationToken cancellationToken);
}

/// <summary>What a transport can do.</summary>
/// <param name="MaxBlockBytes">The longest block it carries; at least <see cref="LeastMaxBlockBytes"/>.</param>
/// <param name="IsLocal">Whether it never leaves the machine.</param>
/// <param name="IsEncrypted">Whether the transport itself encrypts.</param>
public sealed record TransportCapabilities(int MaxBlockBytes, bool IsLocal, bool IsEncrypted)
{
    /// <summary>What every transport carries: 2 MiB.</summary>
    public const int LeastMaxBlockBytes = 2 << 20;
}

/// <summary>Who is at the other end of a link.</summary>
/// <param name="Address">Its address, for people.</param>
/// <param name="Certificate">Its certificate in DER form, where the link is secured; empty otherwise.</param>
public sealed record PeerIdentity(string Address, ReadOnlyMemory<byte> Certificate = default);
