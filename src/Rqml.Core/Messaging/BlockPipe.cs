using System.Buffers;

namespace Rqml.Messaging;

/// <summary>One direction of a link inside a process: holds what its reader has not yet taken, up to a window of bytes, and lets the writer wait beyond that.</summary>
internal sealed class BlockPipe(string peer)
{
    /// <summary>Bytes that an unread pipe holds; a single longer block goes through alone.</summary>
    public const int WindowBytes = 1 << 20;

    private readonly Lock _lock = new();
    private readonly Queue<byte[]> _blocks = new();
    private long _bytes;
    private bool _closed;
    private TaskCompletionSource? _changed;

    public async ValueTask WriteAsync(ReadOnlySequence<byte> block, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        while (true)
        {
            Task changed;
            lock (_lock)
            {
                if (_closed) throw Closed();
                if (_blocks.Count == 0 || _bytes + block.Length <= WindowBytes)
                {
                    _blocks.Enqueue(block.ToArray());
                    _bytes += block.Length;
                    SignalLocked();
                    return;
                }

                changed = ChangeLocked();
            }

            await changed.WaitAsync(cancellationToken);
        }
    }

    public async ValueTask<byte[]> ReadAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        while (true)
        {
            Task changed;
            lock (_lock)
            {
                if (_blocks.TryDequeue(out var block))
                {
                    _bytes -= block.Length;
                    SignalLocked();
                    return block;
                }

                if (_closed) throw Closed();
                changed = ChangeLocked();
            }

            await changed.WaitAsync(cancellationToken);
        }
    }

    /// <summary>Takes no more; what is in it can still be read.</summary>
    public void Close()
    {
        lock (_lock)
        {
            _closed = true;
            SignalLocked();
        }
    }

    private Task ChangeLocked() => (_changed ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;

    private void SignalLocked()
    {
        _changed?.TrySetResult();
        _changed = null;
    }

    private LinkClosedException Closed() => new(peer, "one end closed it");
}
