using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Threading.Channels;

namespace Rqml.Messaging;

/// <summary>A transport whose other side is the test: it says how a connection ends, when a send completes, and what a link brings.</summary>
internal sealed class ScriptedTransport : ITransport
{
    private readonly Channel<ILink> _offered = Channel.CreateUnbounded<ILink>();
    private readonly Channel<ScriptedLink> _opened = Channel.CreateUnbounded<ScriptedLink>();

    public string Scheme => "scripted";

    public TransportCapabilities Capabilities { get; init; } = new(64 << 20, IsLocal: true, IsEncrypted: false);

    /// <summary>What becomes of a connection; null: it is made.</summary>
    public Func<Task>? Connecting { get; set; }

    /// <summary>Connections that were asked for.</summary>
    public int Connections { get; private set; }

    /// <summary>Links that are open, from either side.</summary>
    public List<ScriptedLink> Links { get; } = [];

    public Uri AddressFor(string node, bool isOwn) => new($"{Scheme}://{node}/");

    public ValueTask<IListener> ListenAsync(Uri address, CancellationToken cancellationToken) => new(new Listener(_offered, address));

    public async ValueTask<ILink> ConnectAsync(Uri address, CancellationToken cancellationToken)
    {
        Connections++;
        if (Connecting is { } connecting) await connecting().WaitAsync(cancellationToken);
        var link = new ScriptedLink(address.AbsoluteUri);
        lock (Links) Links.Add(link);
        _opened.Writer.TryWrite(link);
        return link;
    }

    /// <summary>The next link that the table opens.</summary>
    public Task<ScriptedLink> OpenedAsync() => _opened.Reader.ReadAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(30));

    /// <summary>A peer opens a link.</summary>
    public ScriptedLink Offer(string peer)
    {
        var link = new ScriptedLink(peer);
        lock (Links) Links.Add(link);
        _offered.Writer.TryWrite(link);
        return link;
    }

    private sealed class Listener(Channel<ILink> offered, Uri address) : IListener
    {
        public Uri Address => address;

        public async ValueTask<ILink> AcceptAsync(CancellationToken cancellationToken)
        {
            try
            {
                return await offered.Reader.ReadAsync(cancellationToken);
            }
            catch (ChannelClosedException)
            {
                throw new TransportException(address.AbsoluteUri, "the listener was disposed");
            }
        }

        public ValueTask DisposeAsync()
        {
            offered.Writer.TryComplete();
            return ValueTask.CompletedTask;
        }
    }
}

/// <summary>One end of a link, in the table's hands; the test is the other end.</summary>
internal sealed class ScriptedLink(string peer) : ILink
{
    private readonly Channel<byte[]> _brought = Channel.CreateUnbounded<byte[]>();
    private readonly Channel<byte[]> _sent = Channel.CreateUnbounded<byte[]>();
    private readonly TaskCompletionSource _closed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private TaskCompletionSource? _hold;
    private int _sending;

    public PeerIdentity Peer { get; } = new(peer);

    /// <summary>Whether everything that was brought has been taken.</summary>
    public bool IsRead => _brought.Reader.Count == 0;

    public bool IsClosed => _closed.Task.IsCompleted;

    public Task Closed => _closed.Task.WaitAsync(TimeSpan.FromSeconds(30));

    /// <summary>The most sends that were on their way at the same time.</summary>
    public int MostAtOnce { get; private set; }

    /// <summary>Sends do not complete until <see cref="Release"/>.</summary>
    public void Hold() => _hold = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

    public void Release()
    {
        var hold = _hold;
        _hold = null;
        hold?.SetResult();
    }

    public void Bring(byte[] block) => _brought.Writer.TryWrite(block);

    /// <summary>The peer closes the link.</summary>
    public void Close()
    {
        _brought.Writer.TryComplete();
        _closed.TrySetResult();
    }

    public bool TrySent([NotNullWhen(true)] out byte[]? block) => _sent.Reader.TryRead(out block);

    /// <summary>The next block that the table sends.</summary>
    public Task<byte[]> SentAsync() => _sent.Reader.ReadAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(30));

    public async ValueTask SendBlockAsync(ReadOnlySequence<byte> block, CancellationToken cancellationToken)
    {
        if (IsClosed) throw new LinkClosedException(peer, "closed");
        MostAtOnce = Math.Max(MostAtOnce, Interlocked.Increment(ref _sending));
        _sent.Writer.TryWrite(block.ToArray());
        if (_hold is { } hold) await Task.WhenAny(hold.Task, _closed.Task).WaitAsync(cancellationToken);
        Interlocked.Decrement(ref _sending);
        if (IsClosed) throw new LinkClosedException(peer, "closed");
    }

    public async ValueTask<Block> ReceiveBlockAsync(CancellationToken cancellationToken)
    {
        try
        {
            return new Block(new ReadOnlySequence<byte>(await _brought.Reader.ReadAsync(cancellationToken)), null);
        }
        catch (ChannelClosedException)
        {
            throw new LinkClosedException(peer, "closed");
        }
    }

    public ValueTask DisposeAsync()
    {
        Close();
        return ValueTask.CompletedTask;
    }
}
