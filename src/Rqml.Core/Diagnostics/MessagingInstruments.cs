using System.Diagnostics.Metrics;
using Rqml.Messaging.Links;

namespace Rqml.Diagnostics;

/// <summary>Counts what links lose, repeat and refuse.</summary>
internal sealed class MessagingInstruments(Meter meter)
{
    private readonly Counter<long> _dropped = meter.CreateCounter<long>("rqml.messages.dropped", "{message}", "Messages that found no way or no room; what matters is repeated by its sender.");
    private readonly Counter<long> _undelivered = meter.CreateCounter<long>("rqml.messages.undelivered", "{message}", "Messages that were taken and handed back, as their node was gone or silent for too long.");
    private readonly Counter<long> _duplicates = meter.CreateCounter<long>("rqml.links.duplicates", "{frame}", "Frames that came again over another link, and were dropped.");
    private readonly Counter<long> _closed = meter.CreateCounter<long>("rqml.links.closed", "{link}", "Links that were closed because of what the other end did or did not do, by fault.");

    private readonly Counter<long> _listenersLost = meter.CreateCounter<long>("rqml.listeners.lost", "{listener}", "Listeners that ended by themselves: other nodes cannot reach this one there.");

    public void Dropped() => _dropped.Add(1);

    public void Undelivered(string channel) => _undelivered.Add(1, new KeyValuePair<string, object?>("channel", channel));

    public void Duplicate() => _duplicates.Add(1);

    public void ListenerLost() => _listenersLost.Add(1);

    public void Closed(LinkFault fault) => _closed.Add(1, new KeyValuePair<string, object?>("fault", fault.ToString()));
}
