using System.Diagnostics;
using System.Threading.Channels;
using Rqml.Diagnostics;

namespace Rqml.Supervision.Events;

/// <summary>
/// Events from the moment of subscribing on, in the order in which each node raised them. A bounded window: who reads too slowly loses the oldest,
/// finds out how many, and holds up nobody. Thread-safe; of several readers each event goes to one.
/// </summary>
[DebuggerDisplay("{Filter}, {Missed} missed")]
public sealed class EventSubscription : IAsyncEnumerable<RqmlEvent>, IDisposable
{
    private readonly EventBus _bus;
    private readonly Channel<RqmlEvent> _window;
    private readonly EventInstruments _instruments;
    private long _missed;

    internal EventSubscription(EventBus bus, EventFilter filter, int capacity, EventInstruments instruments)
    {
        _bus = bus;
        _instruments = instruments;
        Filter = filter;
        _window = Channel.CreateBounded<RqmlEvent>(new BoundedChannelOptions(capacity) { FullMode = BoundedChannelFullMode.DropOldest }, Miss);
    }

    /// <summary>Which events it is about.</summary>
    public EventFilter Filter { get; }

    /// <summary>Events that it has lost so far, as they came faster than they were read.</summary>
    public long Missed => Interlocked.Read(ref _missed);

    /// <summary>The events that wait, then those that come. A further enumeration goes on where the last one stopped.</summary>
    /// <param name="cancellationToken">Ends the reading, not the subscription, with an <see cref="OperationCanceledException"/>.</param>
    public async IAsyncEnumerator<RqmlEvent> GetAsyncEnumerator(CancellationToken cancellationToken = default)
    {
        while (await _window.Reader.WaitToReadAsync(cancellationToken))
        {
            while (_window.Reader.TryRead(out var @event))
            {
                yield return @event;
                cancellationToken.ThrowIfCancellationRequested();
            }
        }
    }

    internal void Offer(RqmlEvent @event)
    {
        if (Filter.Wants(@event)) _window.Writer.TryWrite(@event);
    }

    /// <summary>There will be no more: the reader gets what waits, and ends.</summary>
    internal void End() => _window.Writer.TryComplete();

    /// <summary>Ends the subscription and whoever reads it; what has not been read is gone.</summary>
    public void Dispose()
    {
        _bus.Remove(this);
        End();
        while (_window.Reader.TryRead(out _)) { }
    }

    private void Miss(RqmlEvent @event)
    {
        Interlocked.Increment(ref _missed);
        _instruments.Missed(@event.Kind);
    }
}
