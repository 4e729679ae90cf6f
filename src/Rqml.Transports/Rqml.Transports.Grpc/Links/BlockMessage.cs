using System.Buffers;

namespace Rqml.Transports.Grpc.Links;

/// <summary>The message <c>Block</c> of link.proto: to be sent, bytes of the sender's; received, a buffer of the pool that goes back once, when it is disposed.</summary>
internal sealed class BlockMessage : IDisposable
{
    private byte[]? _rented;

    public ReadOnlySequence<byte> Data { get; set; }

    /// <summary>A copy of what came, in a buffer of the pool: what gRPC hands out is valid only for as long as it is being read.</summary>
    public static BlockMessage CopyOf(ReadOnlySequence<byte> data)
    {
        if (data.IsEmpty) return new BlockMessage();
        var rented = ArrayPool<byte>.Shared.Rent((int)data.Length);
        data.CopyTo(rented);
        return new BlockMessage { Data = new ReadOnlySequence<byte>(rented, 0, (int)data.Length), _rented = rented };
    }

    public void Dispose()
    {
        if (Interlocked.Exchange(ref _rented, null) is { } rented) ArrayPool<byte>.Shared.Return(rented);
    }
}
