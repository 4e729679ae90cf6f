using System.Diagnostics.Metrics;
using Rqml.Supervision.Events;

namespace Rqml.Diagnostics;

/// <summary>Counts what the bus of events does with those that somebody subscribed to, by kind.</summary>
internal sealed class EventInstruments(Meter meter)
{
    private readonly Counter<long> _published = meter.CreateCounter<long>("rqml.events.published", "{event}", "Events that were handed to subscriptions; each counts once, however many wanted it.");
    private readonly Counter<long> _suppressed = meter.CreateCounter<long>("rqml.events.suppressed", "{event}", "Events that were held back, as there were too many of their kind and class.");
    private readonly Counter<long> _missed = meter.CreateCounter<long>("rqml.events.missed", "{event}", "Events that a subscription lost, as its reader was too slow.");

    public void Published(EventKinds kind) => _published.Add(1, TagOf(kind));

    public void Suppressed(EventKinds kind) => _suppressed.Add(1, TagOf(kind));

    public void Missed(EventKinds kind) => _missed.Add(1, TagOf(kind));

    private static KeyValuePair<string, object?> TagOf(EventKinds kind) => new("rqml.kind", kind switch
    {
        EventKinds.ModelDivergence => "model_divergence",
        EventKinds.NovelFinding => "novel_finding",
        EventKinds.ConsistencyAnomaly => "consistency_anomaly",
        EventKinds.PerformanceSpike => "performance_spike",
        EventKinds.SecurityFlag => "security_flag",
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "An event is of one kind."),
    });
}
