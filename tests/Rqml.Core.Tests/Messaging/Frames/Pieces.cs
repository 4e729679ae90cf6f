using System.Buffers;

namespace Rqml.Messaging.Frames;

/// <summary>Bytes in pieces, as a transport may bring them.</summary>
internal static class Pieces
{
    public static ReadOnlySequence<byte> Of(ReadOnlyMemory<byte> bytes, int pieceBytes)
    {
        if (bytes.Length == 0) return ReadOnlySequence<byte>.Empty;
        var first = new Piece(bytes[..Math.Min(pieceBytes, bytes.Length)], null);
        var last = first;
        for (var at = first.Memory.Length; at < bytes.Length; at += last.Memory.Length) last = new Piece(bytes.Slice(at, Math.Min(pieceBytes, bytes.Length - at)), last);
        return new ReadOnlySequence<byte>(first, 0, last, last.Memory.Length);
    }

    private sealed class Piece : ReadOnlySequenceSegment<byte>
    {
        public Piece(ReadOnlyMemory<byte> memory, Piece? before)
        {
            Memory = memory;
            if (before is null) return;
            RunningIndex = before.RunningIndex + before.Memory.Length;
            before.Next = this;
        }
    }
}
