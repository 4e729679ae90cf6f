using System.Threading.Channels;
using Rqml.Messaging;

namespace Rqml.Transports.ZeroMq;

/// <summary>Takes the links that others open at one address.</summary>
internal sealed class ZeroMqListener : IListener
{
    private const int MostOffered = 128;      // links that wait to be accepted, as the backlog of a socket
    private readonly Channel<ZeroMqLink> _offered = Channel.CreateBounded<ZeroMqLink>(MostOffered);
    private volatile bool _isDisposed;
    private ListeningSocket? _socket;
    private Uri? _address;

    public Uri Address => _address ?? throw new InvalidOperationException("It does not listen yet.");

    /// <summary>It listens from now on.</summary>
    public void Begin(ListeningSocket socket, Uri address)
    {
        _socket = socket;
        _address = address;
    }

    /// <summary>False: too many wait already. Null: the listener was disposed.</summary>
    public bool? Offer(ZeroMqLink link)
    {
        if (_offered.Writer.TryWrite(link)) return true;
        return _isDisposed ? null : false;
    }

    public async ValueTask<ILink> AcceptAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await _offered.Reader.ReadAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (ChannelClosedException error)
        {
            throw new TransportException(Address.AbsoluteUri, "the listener was disposed", error);
        }
    }

    /// <summary>Its socket has ended under it.</summary>
    public void Fail() => _offered.Writer.TryComplete();

    public async ValueTask DisposeAsync()
    {
        _isDisposed = true;
        _offered.Writer.TryComplete();
        var unaccepted = new List<Task>();      // nobody ever will
        while (_offered.Reader.TryRead(out var link)) unaccepted.Add(link.DisposeAsync().AsTask());
        await Task.WhenAll(unaccepted).ConfigureAwait(false);
        if (_socket is not null) await _socket.DetachAsync(this).ConfigureAwait(false);
    }
}
