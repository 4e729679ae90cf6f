using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Logging;
using Rqml.Diagnostics;
using Rqml.Hosting;

namespace Rqml.Messaging;

/// <summary>
/// A node's links: opened when first needed, one sender each that puts what has gathered into blocks, and a reader for each that others opened. What does
/// not fit or arrive is dropped; its owner repeats it.
/// </summary>
[SuppressMessage("Design", "CA1001", Justification = "A source without timer or wait handle holds nothing to dispose of, and a sender may still look at it.")]
internal sealed partial class LinkTable(Peer self, ITransport transport, Dispatcher dispatcher, IMessageReceiver receiver, MessagingInstruments instruments, ILogger logger) : ILinkTable, IAsyncDisposable
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, OutgoingLink> _outgoing = [];
    private readonly HashSet<IncomingLink> _incoming = [];
    private readonly CancellationTokenSource _closing = new();
    private IListener? _listener;
    private Task _accepting = Task.CompletedTask;
    private long _bytesCarried;
    private volatile bool _isClosing;

    /// <summary>Called with each knock that finds nobody: the peer's process is gone.</summary>
    public Action<Peer>? PeerGone { get; init; }

    /// <summary>Bytes that all links have carried since the start, both ways.</summary>
    public long BytesCarried => Interlocked.Read(ref _bytesCarried);

    public ITransport Transport => transport;

    public IMessageReceiver Receiver => receiver;

    /// <summary>Cancelled when the table closes.</summary>
    public CancellationToken Closing => _closing.Token;

    public bool IsClosing => _isClosing;

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        _listener = await transport.ListenAsync(new Uri(self.Endpoint), cancellationToken);
        _accepting = AcceptAsync(_listener);
    }

    public bool TrySend(Peer to, in Message message)
    {
        OutgoingLink? outgoing;
        lock (_lock)
        {
            if (IsClosing) return false;
            if (!_outgoing.TryGetValue(to.Endpoint, out outgoing))
            {
                if (!Uri.TryCreate(to.Endpoint, UriKind.Absolute, out var address)) return false;
                _outgoing[to.Endpoint] = outgoing = new OutgoingLink(this, address);
            }
        }

        return outgoing.TryAppend(to, message);
    }

    /// <summary>Stops listening, closes every link, and returns when nothing of the table runs any more. What still waits is dropped.</summary>
    public async ValueTask DisposeAsync()
    {
        OutgoingLink[] outgoing;
        lock (_lock)
        {
            _isClosing = true;
            outgoing = [.. _outgoing.Values];
        }

        _closing.Cancel();
        if (_listener is not null) await _listener.DisposeAsync();
        await _accepting;
        IncomingLink[] incoming;
        lock (_lock) incoming = [.. _incoming];
        foreach (var link in incoming) await link.CloseAsync();
        foreach (var link in outgoing) await link.CloseAsync();
    }

    public void Post(IThreadPoolWorkItem item) => dispatcher.Post(item);

    public void Carried(long bytes) => Interlocked.Add(ref _bytesCarried, bytes);

    public void Remove(IncomingLink link)
    {
        lock (_lock) _incoming.Remove(link);
    }

    /// <summary>Nobody listens where the peer did.</summary>
    public void Gone(Peer peer)
    {
        if (!IsClosing) PeerGone?.Invoke(peer);
    }

    public void Malformed(ILink link, Exception error)
    {
        instruments.Malformed();
        Log.Malformed(logger, link.Peer.Address, error);
    }

    public void Broken(string peer, Exception error) => Log.Broken(logger, peer, error);

    private async Task AcceptAsync(IListener listener)
    {
        while (true)
        {
            try
            {
                var link = new IncomingLink(this, await listener.AcceptAsync(CancellationToken.None));
                lock (_lock) _incoming.Add(link);
                Post(link);
            }
            catch (TransportException)
            {
                return;      // the listener was disposed
            }
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1201, LogLevel.Warning, "The link to {Peer} brought a malformed frame and was closed")]
        public static partial void Malformed(ILogger logger, string peer, Exception error);

        [LoggerMessage(1202, LogLevel.Error, "The link to {Peer} broke in a way that its transport does not promise, and was closed")]
        public static partial void Broken(ILogger logger, string peer, Exception error);
    }
}
