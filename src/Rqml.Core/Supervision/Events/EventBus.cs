using Rqml.Diagnostics;
using Rqml.Hosting;

namespace Rqml.Supervision.Events;

/// <summary>Hands each event of this process, and those of others that the relay brings, to whoever subscribed to such. Never waits for a reader. Thread-safe.</summary>
internal sealed class EventBus : IRqmlEvents, IDisposable
{
    private readonly Clock _clock;
    private readonly EventInstruments _instruments;
    private readonly EventRates _rates;
    private readonly Lock _lock = new();
    private volatile Audience _audience = Audience.Nobody;
    private volatile EventRelay? _relay;
    private bool _isDisposed;

    public EventBus(EventOptions options, TimeProvider time, EventInstruments instruments)
    {
        Options = options;
        _clock = new Clock(time);
        _instruments = instruments;
        _rates = new EventRates(options.PerSecond, options.Burst);
    }

    public EventOptions Options { get; }

    public DateTimeOffset Now => DateTimeOffset.FromUnixTimeMilliseconds(_clock.NowMs);

    public EventSubscription Subscribe(EventFilter? filter = null)
    {
        filter ??= EventFilter.Everything;
        filter.Validate();
        var subscription = new EventSubscription(this, filter, Options.Capacity, _instruments);
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_isDisposed, this);
            _audience = _audience.With(subscription);
        }

        _relay?.SayWhatIsWanted();
        return subscription;
    }

    /// <summary>The kinds that somebody in this process wants.</summary>
    public EventKinds WantedHere => _audience.Kinds;

    /// <summary>Whether anybody would hear of an event of this kind: ask before gathering costly evidence.</summary>
    public bool IsWanted(EventKinds kind) => (_audience.Kinds & kind) != 0 || IsWantedElsewhere(kind);

    /// <summary>From now on events go to other processes too.</summary>
    public void Attach(EventRelay relay) => _relay = relay;

    /// <summary>Hands the event on, unless nobody wants it or its kind and class have had their share. Any thread; neither waits nor throws.</summary>
    public void Publish(RqmlEvent @event)
    {
        var audience = _audience;
        var isWantedElsewhere = IsWantedElsewhere(@event.Kind);
        if (!isWantedElsewhere && !audience.Wants(@event)) return;      // before the rate: what nobody hears takes nobody's share
        if (!_rates.TryPass(@event.Kind, @event.Class, _clock.NowMs, out var suppressed))
        {
            _instruments.Suppressed(@event.Kind);
            return;
        }

        if (suppressed > 0) @event = @event with { Suppressed = suppressed };
        _instruments.Published(@event.Kind);
        foreach (var subscription in audience.Subscriptions) subscription.Offer(@event);
        if (isWantedElsewhere) _relay!.Publish(@event);
    }

    /// <summary>Hands on an event of another process: it has had its share there.</summary>
    public void Hear(RqmlEvent @event)
    {
        foreach (var subscription in _audience.Subscriptions) subscription.Offer(@event);
    }

    public void Remove(EventSubscription subscription)
    {
        lock (_lock) _audience = _audience.Without(subscription);
        _relay?.SayWhatIsWanted();
    }

    /// <summary>Ends all subscriptions; their readers get what waits.</summary>
    public void Dispose()
    {
        Audience last;
        lock (_lock)
        {
            _isDisposed = true;
            last = _audience;
            _audience = Audience.Nobody;
        }

        foreach (var subscription in last.Subscriptions) subscription.End();
    }

    /// <summary>Whether anybody in another process would hear of an event of this kind.</summary>
    public bool IsWantedElsewhere(EventKinds kind) => _relay is { } relay && (relay.Wanted & kind) != 0;

    /// <summary>Who subscribes, as a snapshot that is swapped whole and read without the lock.</summary>
    private sealed class Audience(EventSubscription[] subscriptions)
    {
        public static readonly Audience Nobody = new([]);

        public EventSubscription[] Subscriptions { get; } = subscriptions;

        /// <summary>Kinds that at least one of them wants.</summary>
        public EventKinds Kinds { get; } = subscriptions.Aggregate(EventKinds.None, (kinds, subscription) => kinds | subscription.Filter.Kinds);

        public bool Wants(RqmlEvent @event)
        {
            if ((Kinds & @event.Kind) == 0) return false;
            foreach (var subscription in Subscriptions)
            {
                if (subscription.Filter.Wants(@event)) return true;
            }

            return false;
        }

        public Audience With(EventSubscription subscription) => new([.. Subscriptions, subscription]);

        public Audience Without(EventSubscription subscription) => new([.. Subscriptions.Where(other => other != subscription)]);
    }
}
