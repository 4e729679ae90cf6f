using System.Buffers;
using System.IO.Pipelines;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Rqml.Messaging;

namespace Rqml.Transports.Tcp;

/// <summary>A link over a connected socket: each block with four bytes of length before it.</summary>
internal sealed class SocketLink : ILink
{
    public const int MaxBlockBytes = 4 << 20;

    private const int ReadBytes = 128 << 10;      // two blocks: fewer reads a block, and most blocks lie in one piece

    private readonly Socket _socket;
    private readonly PipeReader _reader;
    private readonly Lease _lease;
    private readonly byte[] _prefix = new byte[BlockPrefix.Bytes];
    private readonly List<ArraySegment<byte>> _pieces = [];
    private volatile bool _isDisposed;

    public SocketLink(Socket socket, string peer)
    {
        _socket = socket;
        Peer = new PeerIdentity(peer);
        _reader = PipeReader.Create(new NetworkStream(socket, ownsSocket: false), new StreamPipeReaderOptions(bufferSize: ReadBytes, minimumReadSize: 4 << 10));
        _lease = new Lease(_reader);
    }

    public PeerIdentity Peer { get; }

    public async ValueTask SendBlockAsync(ReadOnlySequence<byte> block, CancellationToken cancellationToken)
    {
        if (block.Length > MaxBlockBytes) throw new ArgumentException($"A block has at most {MaxBlockBytes} bytes, not {block.Length}.", nameof(block));
        cancellationToken.ThrowIfCancellationRequested();
        Gather(block);
        var rest = BlockPrefix.Bytes + (int)block.Length;
        try
        {
            // Half a block would be the end of the link anyway: whoever does not want to wait any longer closes it.
            using var closing = cancellationToken.UnsafeRegister(static socket => ((Socket)socket!).Dispose(), _socket);
            while (rest > 0)
            {
                var sent = await _socket.SendAsync(_pieces, SocketFlags.None).ConfigureAwait(false);
                rest -= sent;
                if (rest > 0) Skip(sent);
            }
        }
        catch (Exception error) when (error is SocketException or ObjectDisposedException)
        {
            cancellationToken.ThrowIfCancellationRequested();
            throw Closed(error);
        }
    }

    public async ValueTask<Block> ReceiveBlockAsync(CancellationToken cancellationToken)
    {
        try
        {
            while (true)
            {
                var read = await _reader.ReadAsync(cancellationToken).ConfigureAwait(false);
                if (TryTake(read.Buffer, out var block)) return block;
                _reader.AdvanceTo(read.Buffer.Start, read.Buffer.End);
                if (read.IsCompleted) throw Closed(null);
            }
        }
        catch (Exception error) when (error is IOException or SocketException or ObjectDisposedException)
        {
            throw Closed(error);
        }
    }

    public ValueTask DisposeAsync()
    {
        if (_isDisposed) return ValueTask.CompletedTask;
        _isDisposed = true;
        try
        {
            _socket.Shutdown(SocketShutdown.Both);      // wakes whoever reads here, too
        }
        catch (Exception error) when (error is SocketException or ObjectDisposedException)
        {
            // The other end was quicker.
        }

        _socket.Dispose();
        return ValueTask.CompletedTask;
    }

    private bool TryTake(ReadOnlySequence<byte> buffer, out Block block)
    {
        block = default;
        try
        {
            if (!BlockPrefix.TryRead(buffer, out var content)) return false;
            block = new Block(content, _lease.Until(content.End));
            return true;
        }
        catch (InvalidDataException error)
        {
            _reader.AdvanceTo(buffer.Start);
            _socket.Dispose();
            throw new LinkClosedException(Peer.Address, error.Message, error) { IsViolation = true };
        }
    }

    private void Gather(ReadOnlySequence<byte> block)
    {
        BlockPrefix.Write((int)block.Length, _prefix);
        _pieces.Clear();
        _pieces.Add(_prefix);
        foreach (var piece in block)
        {
            if (piece.Length > 0) _pieces.Add(MemoryMarshal.TryGetArray(piece, out var array) ? array : piece.ToArray());
        }
    }

    private void Skip(int bytes)
    {
        while (bytes >= _pieces[0].Count)
        {
            bytes -= _pieces[0].Count;
            _pieces.RemoveAt(0);
        }

        _pieces[0] = _pieces[0][bytes..];
    }

    private LinkClosedException Closed(Exception? error) =>
        new(Peer.Address, _isDisposed ? "this end closed it" : error is null ? "the other end closed it" : error.Message, error);

    /// <summary>The one block that its reader may hold.</summary>
    private sealed class Lease(PipeReader reader) : IDisposable
    {
        private SequencePosition _end;

        public Lease Until(SequencePosition end)
        {
            _end = end;
            return this;
        }

        public void Dispose() => reader.AdvanceTo(_end);
    }
}
