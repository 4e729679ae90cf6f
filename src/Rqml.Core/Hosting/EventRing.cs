namespace Rqml.Hosting;

/// <summary>A queue that hands out references to its entries, so that large events are read where they are. Grows as needed; not thread-safe.</summary>
internal sealed class EventRing<TEvent> where TEvent : struct
{
    private TEvent[] _events = new TEvent[64];      // a power of two
    private int _first;

    public int Count { get; private set; }

    /// <summary>The oldest entry; valid until the next change.</summary>
    public ref readonly TEvent First => ref _events[_first];

    public void Add(in TEvent @event)
    {
        if (Count == _events.Length) Grow();
        _events[(_first + Count++) & (_events.Length - 1)] = @event;
    }

    /// <summary>Forgets the oldest entry, and what it refers to.</summary>
    public void RemoveFirst()
    {
        _events[_first] = default;
        _first = (_first + 1) & (_events.Length - 1);
        Count--;
    }

    private void Grow()
    {
        var grown = new TEvent[_events.Length * 2];
        _events.AsSpan(_first).CopyTo(grown);
        _events.AsSpan(0, _first).CopyTo(grown.AsSpan(_events.Length - _first));
        (_events, _first) = (grown, 0);
    }
}
