using System.Buffers;
using Rqml.Messaging;

namespace Rqml.Testing.Contracts;

/// <summary>What encryption will do to a link, as far as its bytes go: both ends first exchange a block of their own, and after that nothing crosses as it is.</summary>
internal sealed class MaskedLink(ILink link, byte mask) : ILink
{
    public PeerIdentity Peer => link.Peer;

    /// <summary>The opener names the mask; the other end agrees.</summary>
    public static async ValueTask<ILink> WrapAsync(ILink link, bool isOurs, CancellationToken cancellationToken)
    {
        if (isOurs)
        {
            await link.SendBlockAsync(new ReadOnlySequence<byte>([0x5A]), cancellationToken);
            using var agreed = await link.ReceiveBlockAsync(cancellationToken);
            return new MaskedLink(link, agreed.Bytes.FirstSpan[0]);
        }

        using var offered = await link.ReceiveBlockAsync(cancellationToken);
        if (offered.Bytes.Length != 1) throw new LinkClosedException(link.Peer.Address, "it does not mask its blocks");
        var mask = offered.Bytes.FirstSpan[0];
        await link.SendBlockAsync(new ReadOnlySequence<byte>([mask]), cancellationToken);
        return new MaskedLink(link, mask);
    }

    public async ValueTask SendBlockAsync(ReadOnlySequence<byte> block, CancellationToken cancellationToken)
    {
        var bytes = block.ToArray();
        Mask(bytes);
        await link.SendBlockAsync(new ReadOnlySequence<byte>(bytes), cancellationToken);
    }

    public async ValueTask<Block> ReceiveBlockAsync(CancellationToken cancellationToken)
    {
        using var block = await link.ReceiveBlockAsync(cancellationToken);
        var bytes = block.Bytes.ToArray();
        Mask(bytes);
        return new Block(new ReadOnlySequence<byte>(bytes), owner: null);
    }

    public ValueTask DisposeAsync() => link.DisposeAsync();

    private void Mask(Span<byte> bytes)
    {
        foreach (ref var value in bytes) value ^= mask;
    }
}
