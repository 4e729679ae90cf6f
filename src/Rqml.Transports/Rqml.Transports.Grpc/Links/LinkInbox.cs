using System.Threading.Channels;
using Rqml.Messaging;

namespace Rqml.Transports.Grpc.Links;

/// <summary>The links that others have opened to one address and that nobody has accepted yet. Thread-safe.</summary>
internal sealed class LinkInbox(Uri address)
{
    private const int Backlog = 512;      // as many as a listening socket keeps

    private readonly Channel<AcceptedLink> _waiting = Channel.CreateBounded<AcceptedLink>(Backlog);
    private volatile bool _isClosed;

    public Uri Address => address;

    /// <summary>Nobody listens here any more.</summary>
    public bool IsClosed => _isClosed;

    public bool IsFull => _waiting.Reader.Count >= Backlog;

    public bool TryOffer(AcceptedLink link) => _waiting.Writer.TryWrite(link);

    public async ValueTask<ILink> AcceptAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await _waiting.Reader.ReadAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (ChannelClosedException error)
        {
            throw new TransportException(address.AbsoluteUri, "the listener was disposed", error);
        }
    }

    /// <summary>Ends what nobody has accepted, and leaves alone what somebody has.</summary>
    public async ValueTask CloseAsync()
    {
        _isClosed = true;
        _waiting.Writer.TryComplete();
        while (_waiting.Reader.TryRead(out var link)) await link.DisposeAsync().ConfigureAwait(false);
    }
}
