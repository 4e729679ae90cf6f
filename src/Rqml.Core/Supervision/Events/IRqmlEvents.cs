namespace Rqml.Supervision.Events;

/// <summary>
/// What a host's nodes find worth an engineer's look: models that diverge, novel findings, anomalies, spikes, security flags. Found in the host's services;
/// thread-safe. Nothing is kept for later: who subscribes hears what happens from then on.
/// </summary>
public interface IRqmlEvents
{
    /// <summary>Begins to gather events at once, not only when they are read. Dispose of the subscription to end it; the host's own end ends it too.</summary>
    /// <param name="filter">Which events; null: all.</param>
    /// <exception cref="ArgumentException">The filter asks for no kind, or for one that there is not.</exception>
    /// <exception cref="ObjectDisposedException">The host's services were disposed of.</exception>
    EventSubscription Subscribe(EventFilter? filter = null);
}
