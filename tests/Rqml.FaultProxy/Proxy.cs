using System.Net.Sockets;

namespace Rqml.FaultProxy;

/// <summary>Stands between two real sockets, and cuts, stalls, delays, throttles and half-opens what goes through.</summary>
internal sealed class Proxy : IAsyncDisposable
{
    private readonly Route _route;
    private readonly Socket _listener;
    private readonly CancellationTokenSource _closing = new();
    private readonly Lock _lock = new();
    private readonly HashSet<Connection> _connections = [];
    private readonly Task _accepting;
    private long _carriedBytes;
    private int _cut;
    private int _accepted;

    private Proxy(Route route)
    {
        _route = route;
        _listener = route.NewSocket();
        _listener.Bind(route.Front);
        _listener.Listen();
        _accepting = AcceptAsync();
    }

    public Faults Faults { get; set; } = Faults.None;

    public long CarriedBytes => Interlocked.Read(ref _carriedBytes);

    /// <summary>Connections that were cut off.</summary>
    public int Cuts => Volatile.Read(ref _cut);

    /// <summary>Connections that came, those that have ended included.</summary>
    public int Accepted => Volatile.Read(ref _accepted);

    public static Proxy Start(Route route) => new(route);

    /// <summary>Ends every connection at once, in the middle of whatever it carries; how many there were.</summary>
    public int Cut()
    {
        Connection[] connections;
        lock (_lock) connections = [.. _connections];
        foreach (var connection in connections) connection.Reset();
        Interlocked.Add(ref _cut, connections.Length);
        return connections.Length;
    }

    public async ValueTask DisposeAsync()
    {
        await _closing.CancelAsync();
        _listener.Dispose();
        await _accepting;
        Task[] running;
        lock (_lock) running = [.. _connections.Select(connection => connection.Running)];
        Cut();
        await Task.WhenAll(running);
        _closing.Dispose();
    }

    public void Carried(int bytes) => Interlocked.Add(ref _carriedBytes, bytes);

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                var connection = new Connection(this, await _listener.AcceptAsync(_closing.Token), _route.NewSocket());
                Interlocked.Increment(ref _accepted);
                lock (_lock) _connections.Add(connection);
                connection.Running = connection.RunAsync(_closing.Token);
            }
        }
        catch (Exception error) when (error is SocketException or ObjectDisposedException or OperationCanceledException)
        {
            // The proxy closes.
        }
    }

    private sealed class Connection(Proxy proxy, Socket front, Socket back)
    {
        public Task Running { get; set; } = Task.CompletedTask;

        public async Task RunAsync(CancellationToken cancellationToken)
        {
            try
            {
                await back.ConnectAsync(proxy._route.Back, cancellationToken);
                await Task.WhenAll(new Way(proxy, front, back, isForth: true).CarryAsync(cancellationToken), new Way(proxy, back, front, isForth: false).CarryAsync(cancellationToken));
            }
            catch (Exception error) when (error is SocketException or ObjectDisposedException or OperationCanceledException)
            {
                // Nobody listens behind us: whoever connected hears that the connection ends.
            }

            front.Dispose();
            back.Dispose();
            lock (proxy._lock) proxy._connections.Remove(this);
        }

        /// <summary>As a cable that is pulled and a peer that says so: unsent bytes are gone.</summary>
        public void Reset()
        {
            foreach (var socket in (Socket[])[front, back])
            {
                try
                {
                    if (socket.ProtocolType == ProtocolType.Tcp) socket.LingerState = new LingerOption(enable: true, seconds: 0);
                    socket.Close();
                }
                catch (Exception error) when (error is SocketException or ObjectDisposedException)
                {
                    // It has ended already.
                }
            }
        }
    }
}
