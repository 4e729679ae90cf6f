using System.Buffers;

namespace Rqml.Messaging.Links;

/// <summary>Puts a block together from frames that are written here and frames that lie elsewhere, without copying the latter. Reused: a block is valid until the next <see cref="Clear"/>.</summary>
internal sealed class BlockBuilder
{
    private readonly List<Piece> _pieces = [];
    private readonly List<Node> _nodes = [];
    private byte[] _written = new byte[1 << 10];
    private int _writtenBytes;

    public int Bytes { get; private set; }

    public bool IsEmpty => Bytes == 0;

    /// <summary>Room for a frame that is written now.</summary>
    public Span<byte> Write(int bytes)
    {
        if (_written.Length - _writtenBytes < bytes) Array.Resize(ref _written, Math.Max(_written.Length * 2, _writtenBytes + bytes));
        if (_pieces is [.., { IsWritten: true } last]) _pieces[^1] = last with { Length = last.Length + bytes };
        else _pieces.Add(new Piece(default, _writtenBytes, bytes));
        var room = _written.AsSpan(_writtenBytes, bytes);
        _writtenBytes += bytes;
        Bytes += bytes;
        return room;
    }

    /// <summary>Adds frames where they lie. They must not change until the block was sent.</summary>
    public void Add(ReadOnlyMemory<byte> frames)
    {
        _pieces.Add(new Piece(frames, -1, frames.Length));
        Bytes += frames.Length;
    }

    public ReadOnlySequence<byte> Build()
    {
        if (_pieces.Count == 1) return new ReadOnlySequence<byte>(MemoryOf(_pieces[0]));
        while (_nodes.Count < _pieces.Count) _nodes.Add(new Node());
        long index = 0;
        for (var i = 0; i < _pieces.Count; i++)
        {
            _nodes[i].Set(MemoryOf(_pieces[i]), index, i + 1 < _pieces.Count ? _nodes[i + 1] : null);
            index += _pieces[i].Length;
        }

        return new ReadOnlySequence<byte>(_nodes[0], 0, _nodes[_pieces.Count - 1], _pieces[^1].Length);
    }

    public void Clear()
    {
        _pieces.Clear();
        (_writtenBytes, Bytes) = (0, 0);
    }

    private ReadOnlyMemory<byte> MemoryOf(in Piece piece) => piece.IsWritten ? _written.AsMemory(piece.WrittenAt, piece.Length) : piece.Frames;

    /// <summary>Frames that lie elsewhere, or a stretch of what was written here: by its place, as the buffer may still grow.</summary>
    private readonly record struct Piece(ReadOnlyMemory<byte> Frames, int WrittenAt, int Length)
    {
        public bool IsWritten => WrittenAt >= 0;
    }

    private sealed class Node : ReadOnlySequenceSegment<byte>
    {
        public void Set(ReadOnlyMemory<byte> memory, long index, Node? next) => (Memory, RunningIndex, Next) = (memory, index, next);
    }
}
