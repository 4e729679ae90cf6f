using System.Buffers;
using Microsoft.Extensions.Logging;
using Rqml.Hosting;
using Rqml.Protocol;

namespace Rqml.Messaging;

/// <summary>A node's links: opened when first needed, one sender each that puts what has gathered into one block. What does not fit or arrive is dropped; its owner repeats it.</summary>
internal sealed partial class LinkTable(Peer self, ITransport transport, Dispatcher dispatcher, IMessageReceiver receiver, ILogger logger) : ILinkTable, IAsyncDisposable
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, Outgoing> _outgoing = [];
    private readonly List<Task> _readers = [];
    private readonly List<ILink> _links = [];
    private IListener? _listener;
    private Task _accepting = Task.CompletedTask;
    private volatile bool _closed;

    /// <summary>Called when a peer's process is known to be gone: its link was closed and nobody listens there.</summary>
    public Action<Peer>? PeerGone { get; init; }

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        _listener = await transport.ListenAsync(new Uri(self.Endpoint), cancellationToken);
        _accepting = AcceptAsync(_listener);
    }

    public bool TrySend(Peer to, in Message message)
    {
        if (_closed || to.Endpoint.Length == 0) return false;
        Outgoing? outgoing;
        lock (_lock)
        {
            if (!_outgoing.TryGetValue(to.Endpoint, out outgoing)) _outgoing[to.Endpoint] = outgoing = new Outgoing(this, to);
        }

        return outgoing.TryAppend(to, message);
    }

    public async ValueTask DisposeAsync()
    {
        _closed = true;
        if (_listener is not null) await _listener.DisposeAsync();
        ILink[] links;
        Outgoing[] outgoing;
        lock (_lock)
        {
            links = [.. _links];
            outgoing = [.. _outgoing.Values];
        }

        foreach (var link in links) await link.DisposeAsync();
        await _accepting;
        foreach (var sender in outgoing) await sender.Completion;
    }

    private async Task AcceptAsync(IListener listener)
    {
        while (!_closed)
        {
            try
            {
                Read(await listener.AcceptAsync(CancellationToken.None));
            }
            catch (TransportException)
            {
                return;      // the listener was disposed
            }
        }
    }

    private void Read(ILink link)
    {
        lock (_lock)
        {
            _links.Add(link);
            _readers.RemoveAll(reader => reader.IsCompleted);
            _readers.Add(ReadAsync(link));
        }
    }

    private async Task ReadAsync(ILink link)
    {
        Peer? from = null;
        try
        {
            while (!_closed)
            {
                using var block = await link.ReceiveBlockAsync(CancellationToken.None);
                var rest = block.Bytes;
                while (MessageCodec.TryRead(ref rest, out var message))
                {
                    from = message.From;
                    receiver.Receive(message);
                }
            }
        }
        catch (LinkClosedException)
        {
            if (from is not null) await KnockAsync(from);
        }
        catch (RecordDamagedException error)
        {
            Log.Malformed(logger, link.Peer.Address, error);
        }

        await link.DisposeAsync();
        lock (_lock) _links.Remove(link);
    }

    /// <summary>The other end closed its link. Where nobody listens any more its process is gone, and that is worth knowing at once; else it opens another link when it needs one.</summary>
    private async Task KnockAsync(Peer peer)
    {
        try
        {
            if (_closed || peer.Endpoint.Length == 0) return;
            await (await transport.ConnectAsync(new Uri(peer.Endpoint), CancellationToken.None)).DisposeAsync();
        }
        catch (ConnectionRefusedException)
        {
            if (!_closed) PeerGone?.Invoke(peer);
        }
        catch (TransportException)
        {
            // Silence: the liveness of its reports decides.
        }
    }

    /// <summary>What waits to be sent to one address.</summary>
    private sealed class Outgoing(LinkTable table, Peer peer) : IThreadPoolWorkItem
    {
        private const int MaxWaitingBytes = 64 << 20;
        private readonly Lock _lock = new();
        private ArrayBufferWriter<byte> _waiting = new();
        private ArrayBufferWriter<byte> _sending = new();
        private Peer _peer = peer;
        private ILink? _link;
        private bool _running;

        public Task Completion { get; private set; } = Task.CompletedTask;

        public bool TryAppend(Peer to, in Message message)
        {
            lock (_lock)
            {
                if (_waiting.WrittenCount > MaxWaitingBytes) return false;
                _peer = to;
                MessageCodec.Write(message, _waiting);
                if (_running) return true;
                _running = true;
            }

            table.Post(this);
            return true;
        }

        void IThreadPoolWorkItem.Execute() => Completion = SendAsync();

        private async Task SendAsync()
        {
            while (true)
            {
                lock (_lock)
                {
                    if (_waiting.WrittenCount == 0)
                    {
                        _running = false;
                        return;
                    }

                    (_waiting, _sending) = (_sending, _waiting);
                }

                try
                {
                    _link ??= await table.ConnectAsync(new Uri(_peer.Endpoint));
                    await _link.SendBlockAsync(new ReadOnlySequence<byte>(_sending.WrittenMemory), CancellationToken.None);
                }
                catch (LinkClosedException)
                {
                    _link = null;
                }
                catch (TransportException)
                {
                    _link = null;      // silence: the liveness of its reports decides
                }
                catch (ConnectionRefusedException)
                {
                    _link = null;
                    if (!table._closed) table.PeerGone?.Invoke(_peer);
                }

                _sending.ResetWrittenCount();
            }
        }
    }

    private void Post(IThreadPoolWorkItem item) => dispatcher.Post(item);

    private async ValueTask<ILink> ConnectAsync(Uri address)
    {
        var link = await transport.ConnectAsync(address, CancellationToken.None);
        lock (_lock) _links.Add(link);
        return link;
    }

    private static partial class Log
    {
        [LoggerMessage(1201, LogLevel.Warning, "The link to {Peer} brought a malformed frame and was closed")]
        public static partial void Malformed(ILogger logger, string peer, Exception error);
    }
}
