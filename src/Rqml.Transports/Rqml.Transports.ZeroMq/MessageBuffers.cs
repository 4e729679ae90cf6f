using System.Buffers;
using System.Numerics;
using NetMQ;

namespace Rqml.Transports.ZeroMq;

/// <summary>
/// Gives NetMQ pooled buffers. By itself it allocates each message, a KiB and more of garbage for one of 1 KiB. Its pool is one for the process, and other users of NetMQ get it too.
/// </summary>
internal sealed class MessageBuffers : IBufferPool
{
    private const int Odd = 3;      // no pool hands out as little; NetMQ's default makes exactly what it is asked for
    private static readonly Lock Installing = new();
    private static bool _isInstalled;

    private MessageBuffers() { }

    /// <summary>Once a process, before its first socket here. A pool that the host has set stays.</summary>
    public static void Install()
    {
        lock (Installing)
        {
            if (_isInstalled) return;
            _isInstalled = true;
            var probe = BufferPool.Take(Odd);
            BufferPool.Return(probe);
            if (probe.Length == Odd) BufferPool.SetCustomBufferPool(new MessageBuffers());
        }
    }

    /// <summary>Never an empty one: NetMQ reads the first byte of a command before it looks at its length, and an empty command from the net would end the process.</summary>
    public byte[] Take(int size) => ArrayPool<byte>.Shared.Rent(Math.Max(size, 1));

    /// <summary>Messages that were made before the pool was set end here as well: what cannot be the pool's is left to the collector.</summary>
    public void Return(byte[] buffer)
    {
        if (buffer.Length >= 16 && BitOperations.IsPow2(buffer.Length)) ArrayPool<byte>.Shared.Return(buffer);
    }

    public void Dispose() { }
}
