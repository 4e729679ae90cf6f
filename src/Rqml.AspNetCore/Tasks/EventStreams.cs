using Microsoft.Extensions.Options;

namespace Rqml.AspNetCore.Tasks;

/// <summary>Counts the streams of events that are open: each holds a connection and the last iterations of its task for as long as its reader likes.</summary>
internal sealed class EventStreams(IOptions<RqmlHttpOptions> options)
{
    private int _open;

    /// <summary>After how long an idle one says that it lives.</summary>
    public TimeSpan KeepAlive => options.Value.EventKeepAlive;

    public int Open => Volatile.Read(ref _open);

    /// <summary>A place for one more, which is free again when it is disposed of; null where there is none.</summary>
    public IDisposable? TryEnter()
    {
        if (Interlocked.Increment(ref _open) <= options.Value.MaxEventStreams) return new Place(this);
        Interlocked.Decrement(ref _open);
        return null;
    }

    private sealed class Place(EventStreams streams) : IDisposable
    {
        private int _left;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _left, 1) == 0) Interlocked.Decrement(ref streams._open);
        }
    }
}
