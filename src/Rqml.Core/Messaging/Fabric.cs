using System.Buffers;
using System.Diagnostics;
using Rqml.Diagnostics;
using Rqml.Messaging.Links;
using Rqml.Protocol;
using Rqml.Supervision.Events;

namespace Rqml.Messaging;

/// <summary>
/// Takes messages to the owner that hears their kind: within the process as they are, beyond it over a link. What cannot be delivered is counted and dropped: every
/// sender repeats what matters until it is answered.
/// </summary>
internal sealed class Fabric(Peer self, MessagingInstruments instruments, IStationObserver? stations) : ILinkReceiver
{
    private IMessageReceiver? _local;
    private IMessageReceiver? _far;
    private LinkTable? _links;
    private CreditReturn? _credit;
    private LatestInbox? _latest;
    private EventRelay? _events;

    public Peer Self { get; } = self;

    /// <param name="local">Hears what is said within the process.</param>
    /// <param name="far">Hears what comes over links: the same, but for simulations.</param>
    public void Attach(IMessageReceiver local, IMessageReceiver far) => (_local, _far) = (local, far);

    /// <summary>Begins to reach other nodes.</summary>
    /// <param name="links">The way there.</param>
    /// <param name="credit">Says when a message has been used up.</param>
    /// <param name="events">Hears the events of other hosts; null: nobody does.</param>
    /// <param name="latest">Takes what only the newest of counts.</param>
    public void Attach(LinkTable links, CreditReturn credit, EventRelay? events, LatestInbox latest) => (_links, _credit, _events, _latest) = (links, credit, events, latest);

    public void Send(Peer to, in Message message)
    {
        if (message.Kind is MessageKind.Assign or MessageKind.Result) stations?.Entered(Station.Fabric, message.Task);
        if (to.Node == Self.Node) _local!.Receive(message);
        else if (_links is null || !_links.TrySend(to, message.Kind.Channel(), (ulong)message.Kind, Activity.Current?.Context ?? default, MessageCodec.Write(message, Self.Incarnation))) instruments.Dropped();
    }

    void ILinkReceiver.Received(IncomingLink link, in ReceivedMessage message)
    {
        link.Owed[(int)message.Channel] += message.OwedBytes;      // also where it cannot be read
        if (message.Channel is FabricChannel.Alerts or FabricChannel.SupervisionEvents) Hear(message);
        else if (ChannelPromise.Of(message.Channel).Delivery == Delivery.LatestOnly) _latest!.Post(Read(message.Content, message.From));
        else _far!.Receive(Read(message.Content, message.From));
    }

    void ILinkReceiver.BlockEnded(IncomingLink link) => _credit!.Post(link);

    /// <summary>Counted, and no more: every owner repeats what matters until it is answered. Ledgers announce, nodes offer their results, the leader goes by what nodes report.</summary>
    void ILinkReceiver.Undelivered(Peer to, FabricChannel channel, ReadOnlySequence<byte> content) { }

    void ILinkReceiver.SubscribersChanged() => _events?.SayWhatIsWanted();

    void ILinkReceiver.Gone(Peer peer) => _far!.Gone(peer);

    void ILinkReceiver.Unreachable(Peer peer) => _far!.Unreachable(peer);

    private void Hear(in ReceivedMessage message)
    {
        try
        {
            _events?.Received(message.From, message.Channel, message.Content);
        }
        catch (RecordDamagedException error)
        {
            throw new LinkViolationException(LinkFault.Malformed, error.Message, error);
        }
    }

    private static Message Read(ReadOnlySequence<byte> content, Peer from)
    {
        try
        {
            return MessageCodec.Read(content, from);
        }
        catch (RecordDamagedException error)
        {
            throw new LinkViolationException(LinkFault.Malformed, error.Message, error);
        }
    }
}

/// <summary>Hands a message to the owner that its kind names.</summary>
internal interface IMessageReceiver
{
    void Receive(in Message message);

    /// <summary>Nobody listens where the peer did: its process is gone.</summary>
    void Gone(Peer peer);

    /// <summary>Nothing can be said to the peer, and has not been for long.</summary>
    void Unreachable(Peer peer);
}
