using System.Net.Sockets;

namespace Rqml.FaultProxy;

/// <summary>One direction of a connection: carries bytes from one socket to the other, as the proxy's faults let it.</summary>
internal sealed class Way(Proxy proxy, Socket from, Socket to, bool isForth)
{
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(5);
    private readonly byte[] _buffer = new byte[64 << 10];

    /// <summary>Until either end closes or the proxy does.</summary>
    public async Task CarryAsync(CancellationToken cancellationToken)
    {
        try
        {
            while (await from.ReceiveAsync(_buffer, cancellationToken) is > 0 and var bytes)
            {
                await WaitAsync(bytes, cancellationToken);
                if (proxy.Faults.Swallows(isForth)) continue;
                await SendAllAsync(_buffer.AsMemory(0, bytes), cancellationToken);
                proxy.Carried(bytes);
            }

            if (!proxy.Faults.Swallows(isForth)) to.Shutdown(SocketShutdown.Send);
        }
        catch (Exception error) when (error is SocketException or ObjectDisposedException or OperationCanceledException)
        {
            // One end is gone; the connection closes both.
        }
    }

    private async Task WaitAsync(int bytes, CancellationToken cancellationToken)
    {
        var faults = proxy.Faults;
        if (faults.Delay > TimeSpan.Zero) await Task.Delay(faults.Delay, cancellationToken);
        if (faults.BytesPerSecond > 0) await Task.Delay(TimeSpan.FromSeconds((double)bytes / faults.BytesPerSecond), cancellationToken);
        while (proxy.Faults.Stalls(isForth)) await Task.Delay(Look, cancellationToken);
    }

    private async Task SendAllAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        while (bytes.Length > 0) bytes = bytes[await to.SendAsync(bytes, cancellationToken)..];
    }
}
