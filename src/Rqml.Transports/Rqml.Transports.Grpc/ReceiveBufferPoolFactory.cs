using System.Buffers;
using System.Collections.Concurrent;
using Microsoft.AspNetCore.Connections;

namespace Rqml.Transports.Grpc;

/// <summary>Gives Kestrel buffers of 64 KiB to receive into, instead of its 4 KiB: one system call takes a whole block. Measured: 1.7 to 2.6 times the throughput (decision 0005).</summary>
internal sealed class ReceiveBufferPoolFactory : IMemoryPoolFactory<byte>
{
    public MemoryPool<byte> Create(MemoryPoolOptions? options = null) => new ReceiveBufferPool();

    private sealed class ReceiveBufferPool : MemoryPool<byte>
    {
        private const int BufferBytes = 64 << 10;
        private const int MostKept = 256;      // 16 MiB that a burst leaves behind; what is beyond goes to the garbage collector

        private readonly ConcurrentQueue<Buffer> _kept = new();
        private volatile bool _isDisposed;

        public override int MaxBufferSize => BufferBytes;

        public override IMemoryOwner<byte> Rent(int minBufferSize = -1)
        {
            ArgumentOutOfRangeException.ThrowIfGreaterThan(minBufferSize, BufferBytes);
            if (!_kept.TryDequeue(out var buffer)) return new Buffer(this);
            buffer.IsRented = true;
            return buffer;
        }

        protected override void Dispose(bool disposing)
        {
            _isDisposed = true;
            _kept.Clear();
        }

        private void Return(Buffer buffer)
        {
            if (!_isDisposed && _kept.Count < MostKept) _kept.Enqueue(buffer);
        }

        private sealed class Buffer(ReceiveBufferPool pool) : IMemoryOwner<byte>
        {
            private readonly byte[] _bytes = GC.AllocateUninitializedArray<byte>(BufferBytes, pinned: true);

            public bool IsRented { get; set; } = true;

            public Memory<byte> Memory => _bytes;

            public void Dispose()
            {
                if (!IsRented) return;
                IsRented = false;
                pool.Return(this);
            }
        }
    }
}
