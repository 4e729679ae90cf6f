using System.Buffers.Binary;
using System.Net.Sockets;

namespace Rqml.Benchmarks.Messaging;

/// <summary>The floor of everything between processes: a TCP connection over which whatever has gathered goes in one send, off the caller's thread.</summary>
internal sealed class RawLink(Socket socket) : IThreadPoolWorkItem, IDisposable
{
    private const int PrefixBytes = 4;
    private const int WindowBytes = 8 << 20;

    private readonly Lock _lock = new();
    private byte[] _waiting = new byte[1 << 20];
    private byte[] _sending = new byte[1 << 20];
    private int _waitingBytes;
    private bool _isSending;
    private TaskCompletionSource? _room;
    private Task _drain = Task.CompletedTask;

    /// <summary>Takes a message at once, or as soon as there is room.</summary>
    public ValueTask SendAsync(ReadOnlyMemory<byte> message)
    {
        lock (_lock)
        {
            if (_waitingBytes <= WindowBytes)
            {
                Append(message.Span);
                return ValueTask.CompletedTask;
            }

            _room ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        return WaitAsync(message);
    }

    /// <summary>Hands out each message that comes, until the connection ends.</summary>
    public async Task ReceiveAsync(Action<ReadOnlySpan<byte>> take)
    {
        var buffer = new byte[1 << 20];
        var filled = 0;
        while (await socket.ReceiveAsync(buffer.AsMemory(filled)) is > 0 and var bytes)
        {
            filled += bytes;
            var at = 0;
            while (filled - at >= PrefixBytes && BinaryPrimitives.ReadInt32LittleEndian(buffer.AsSpan(at)) is var length && filled - at >= PrefixBytes + length)
            {
                take(buffer.AsSpan(at + PrefixBytes, length));
                at += PrefixBytes + length;
            }

            if (at == 0 && filled == buffer.Length) Array.Resize(ref buffer, 2 * buffer.Length);
            buffer.AsSpan(at, filled - at).CopyTo(buffer);
            filled -= at;
        }
    }

    public void Dispose() => socket.Dispose();

    void IThreadPoolWorkItem.Execute() => _drain = DrainAsync();

    private async ValueTask WaitAsync(ReadOnlyMemory<byte> message)
    {
        Task room;
        lock (_lock) room = _room?.Task ?? Task.CompletedTask;
        await room;
        await SendAsync(message);
    }

    private void Append(ReadOnlySpan<byte> message)
    {
        var bytes = PrefixBytes + message.Length;
        if (_waiting.Length - _waitingBytes < bytes) Array.Resize(ref _waiting, Math.Max(2 * _waiting.Length, _waitingBytes + bytes));
        BinaryPrimitives.WriteInt32LittleEndian(_waiting.AsSpan(_waitingBytes), message.Length);
        message.CopyTo(_waiting.AsSpan(_waitingBytes + PrefixBytes));
        _waitingBytes += bytes;
        if (_isSending) return;
        _isSending = true;
        ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
    }

    private async Task DrainAsync()
    {
        while (true)
        {
            int bytes;
            lock (_lock)
            {
                if (_waitingBytes == 0)
                {
                    _isSending = false;
                    return;
                }

                (_waiting, _sending) = (_sending, _waiting);
                (bytes, _waitingBytes) = (_waitingBytes, 0);
                _room?.TrySetResult();
                _room = null;
            }

            for (var sent = 0; sent < bytes;) sent += await socket.SendAsync(_sending.AsMemory(sent, bytes - sent));
        }
    }
}
