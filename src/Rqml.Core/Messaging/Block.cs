using System.Buffers;

namespace Rqml.Messaging;

/// <summary>Bytes that came over a link, in a buffer that goes back to its owner when the block is disposed, once.</summary>
public readonly struct Block(ReadOnlySequence<byte> bytes, IDisposable? owner) : IDisposable
{
    /// <summary>The content; valid until <see cref="Dispose"/>.</summary>
    public ReadOnlySequence<byte> Bytes { get; } = bytes;

    /// <summary>Gives the buffer back.</summary>
    public void Dispose() => owner?.Dispose();
}
