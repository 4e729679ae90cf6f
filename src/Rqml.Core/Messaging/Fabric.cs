using Rqml.Diagnostics;

namespace Rqml.Messaging;

/// <summary>
/// Takes messages to the owner that hears their kind: within the process as they are, beyond it as frames in blocks over a link. What cannot be
/// delivered is dropped and counted: every sender repeats what matters until it is answered.
/// </summary>
internal sealed class Fabric(Peer self, MessagingInstruments instruments, IStationObserver? stations)
{
    private IMessageReceiver? _local;
    private ILinkTable? _links;

    public Peer Self { get; } = self;

    public void Attach(IMessageReceiver local, ILinkTable? links)
    {
        _local = local;
        _links = links;
    }

    public void Send(Peer to, in Message message)
    {
        if (message.Kind is MessageKind.Assign or MessageKind.Result) stations?.Entered(Station.Fabric, message.Task);
        if (to.Node == Self.Node) _local!.Receive(message);
        else if (_links is null || !_links.TrySend(to, message)) instruments.Dropped();
    }
}

/// <summary>Hands a message to the owner that its kind names.</summary>
internal interface IMessageReceiver
{
    void Receive(in Message message);
}

/// <summary>The links to other nodes.</summary>
internal interface ILinkTable
{
    /// <summary>Queues the message for its peer; false where there is no way, or no room.</summary>
    bool TrySend(Peer to, in Message message);
}
