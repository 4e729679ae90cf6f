using System.Net.Sockets;
using Rqml.Messaging;

namespace Rqml.Transports.Tcp;

/// <summary>Takes connections at one address.</summary>
/// <param name="socket">Listens.</param>
/// <param name="address">Where a peer connects.</param>
/// <param name="held">What the listener holds for as long as it listens.</param>
internal sealed class SocketListener(Socket socket, Uri address, IDisposable? held = null) : IListener
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);
    private volatile bool _isDisposed;

    public Uri Address => address;

    public async ValueTask<ILink> AcceptAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                var accepted = await socket.AcceptAsync(cancellationToken).ConfigureAwait(false);
                if (accepted.ProtocolType == ProtocolType.Tcp) accepted.NoDelay = true;
                return new SocketLink(accepted, accepted.RemoteEndPoint?.ToString() is { Length: > 0 } from ? from : address.AbsoluteUri);
            }
            catch (Exception error) when (_isDisposed && error is SocketException or ObjectDisposedException)
            {
                throw new TransportException(address.AbsoluteUri, "the listener was disposed", error);
            }
            catch (SocketException)
            {
                // It went away before it was accepted, or the process has no handle left: that passes, and whoever calls tries again.
                await Task.Delay(Pause, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    public ValueTask DisposeAsync()
    {
        _isDisposed = true;
        socket.Dispose();
        held?.Dispose();
        return ValueTask.CompletedTask;
    }
}
