using System.Buffers;
using Rqml.Cluster;
using Rqml.Messaging;
using Rqml.Messaging.Links;

namespace Rqml.Supervision.Events;

/// <summary>
/// Makes the buses of a cluster one: a host says to its leader which kinds it wants, the leader says to every node which kinds anybody wants, and passes what it hears
/// on to whoever wants it. So an event travels over links that there are anyway, and what nobody wants does not travel at all. Thread-safe.
/// </summary>
internal sealed class EventRelay
{
    private static readonly FabricChannel[] Channels = [FabricChannel.Alerts, FabricChannel.SupervisionEvents];

    private readonly EventBus _bus;
    private readonly LinkTable _links;
    private readonly Peer _self;
    private readonly Lock _lock = new();
    private readonly Dictionary<NodeId, Peer> _members = [];      // while we lead
    private Peer? _leader;
    private Term _term;

    public EventRelay(EventBus bus, LinkTable links, Peer self)
    {
        (_bus, _links, _self) = (bus, links, self);
        bus.Attach(this);
    }

    /// <summary>The kinds that somebody elsewhere wants to hear of.</summary>
    public EventKinds Wanted => (EventKinds)(_links.WantedElsewhere(FabricChannel.Alerts) | _links.WantedElsewhere(FabricChannel.SupervisionEvents));

    /// <summary>Another leader is the hub from now on; our own node where we lead. An earlier term's late word changes nothing.</summary>
    public void Follow(Peer leader, Term term)
    {
        lock (_lock)
        {
            if (term < _term || (_leader == leader && term == _term)) return;
            _term = term;
            if (_leader is { } before && before != leader && before.Node != _self.Node) Say(before, EventKinds.None);
            foreach (var member in _members.Values) Say(member, EventKinds.None);
            _members.Clear();
            _leader = leader;
            SayWhatIsWantedLocked();
        }
    }

    /// <summary>Its process is gone.</summary>
    public void Left(Peer member)
    {
        lock (_lock)
        {
            if (_members.TryGetValue(member.Node, out var known) && known.Incarnation == member.Incarnation) _members.Remove(member.Node);
        }
    }

    /// <summary>A node follows us.</summary>
    public void Joined(Peer member)
    {
        lock (_lock)
        {
            if (_leader?.Node != _self.Node || member.Node == _self.Node || _members.GetValueOrDefault(member.Node) == member) return;
            _members[member.Node] = member;
            Say(member, WantedOf(member));
        }
    }

    /// <summary>Somebody here or elsewhere wants other kinds than before.</summary>
    public void SayWhatIsWanted()
    {
        lock (_lock) SayWhatIsWantedLocked();      // what is said last is what is wanted now
    }

    /// <summary>An event of this host, for whoever wants it elsewhere.</summary>
    public void Publish(RqmlEvent @event) => _links.Publish(ChannelOf(@event.Kind), (ulong)@event.Kind, default, EventCodec.Write(@event));

    /// <summary>An event of another host. The hub passes it on, but not to where it comes from.</summary>
    /// <exception cref="Protocol.RecordDamagedException">The content is no event.</exception>
    public void Received(Peer from, FabricChannel channel, ReadOnlySequence<byte> content)
    {
        var @event = EventCodec.Read(content);
        _bus.Hear(@event);
        if (_leader?.Node != _self.Node) return;
        var copy = content.ToArray();
        foreach (var peer in _links.Subscribers(channel, (ulong)@event.Kind))
        {
            if (peer.Node != from.Node) _links.TrySend(peer, channel, (ulong)@event.Kind, default, new WrittenContent(copy));
        }
    }

    /// <summary>Nodes that want events of a kind from us.</summary>
    public IEnumerable<NodeId> Subscribers(EventKinds kind) => _links.Subscribers(ChannelOf(kind), (ulong)kind).Select(peer => peer.Node);

    private void SayWhatIsWantedLocked()
    {
        if (_leader is { } leader && leader.Node != _self.Node) Say(leader, _bus.WantedHere);
        foreach (var member in _members.Values) Say(member, WantedOf(member));
    }

    /// <summary>What the hub wants of a member: what we want, and what the others do.</summary>
    private EventKinds WantedOf(Peer member)
    {
        var wanted = _bus.WantedHere;
        foreach (var kind in Enum.GetValues<EventKinds>())
        {
            if (kind is EventKinds.None or EventKinds.All) continue;
            if (_links.Subscribers(ChannelOf(kind), (ulong)kind).Any(peer => peer.Node != member.Node)) wanted |= kind;
        }

        return wanted;
    }

    private void Say(Peer publisher, EventKinds wanted)
    {
        foreach (var channel in Channels) _links.Subscribe(publisher, channel, (ulong)(wanted & KindsOf(channel)));
    }

    private static FabricChannel ChannelOf(EventKinds kind) => kind == EventKinds.SecurityFlag ? FabricChannel.Alerts : FabricChannel.SupervisionEvents;

    private static EventKinds KindsOf(FabricChannel channel) => channel == FabricChannel.Alerts ? EventKinds.SecurityFlag : EventKinds.All & ~EventKinds.SecurityFlag;
}
