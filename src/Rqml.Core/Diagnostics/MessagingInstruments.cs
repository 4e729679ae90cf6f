using System.Diagnostics.Metrics;

namespace Rqml.Diagnostics;

/// <summary>Counts what links lose and refuse.</summary>
internal sealed class MessagingInstruments(Meter meter)
{
    private readonly Counter<long> _dropped = meter.CreateCounter<long>("rqml.messages.dropped", "{message}", "Messages that found no way or no room; what matters is repeated by its sender.");
    private readonly Counter<long> _malformed = meter.CreateCounter<long>("rqml.links.malformed", "{link}", "Links that were closed because of a malformed frame.");

    public void Dropped() => _dropped.Add(1);

    public void Malformed() => _malformed.Add(1);
}
