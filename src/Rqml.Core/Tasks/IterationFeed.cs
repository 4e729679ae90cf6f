using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Rqml.Messaging;

namespace Rqml.Tasks;

/// <summary>The last iterations of one task, for any number of readers. Each has a window of its own, so that a slow one misses the oldest and holds up nobody. Thread-safe.</summary>
internal sealed class IterationFeed
{
    public const int Kept = 16;

    private readonly Lock _lock = new();
    private readonly Queue<IterationReport> _kept = new(Kept);
    private readonly HashSet<Reader> _readers = [];
    private bool _hasEnded;

    public int ReaderCount
    {
        get
        {
            lock (_lock) return _readers.Count;
        }
    }

    public void Add(IterationReport report)
    {
        lock (_lock)
        {
            if (_kept.Count == Kept) _kept.Dequeue();
            _kept.Enqueue(report);
            foreach (var reader in _readers) reader.Offer(report);
        }
    }

    /// <summary>There will be no more: readers get what they have not read yet, and end.</summary>
    public void End()
    {
        lock (_lock)
        {
            _hasEnded = true;
            foreach (var reader in _readers) reader.End();
        }
    }

    /// <summary>A reader that begins with the oldest kept; disposing it takes it out.</summary>
    public Reader Read()
    {
        var reader = new Reader(this);
        lock (_lock)
        {
            foreach (var report in _kept) reader.Offer(report);
            if (_hasEnded) reader.End();
            else _readers.Add(reader);
        }

        return reader;
    }

    public sealed class Reader(IterationFeed feed) : IDisposable
    {
        private readonly Channel<IterationReport> _window =
            Channel.CreateBounded<IterationReport>(new BoundedChannelOptions(Kept) { FullMode = BoundedChannelFullMode.DropOldest, SingleReader = true });

        public async IAsyncEnumerable<IterationReport> Reports([EnumeratorCancellation] CancellationToken cancellationToken)
        {
            while (await _window.Reader.WaitToReadAsync(cancellationToken))
            {
                while (_window.Reader.TryRead(out var report)) yield return report;
            }
        }

        public void Offer(IterationReport report) => _window.Writer.TryWrite(report);

        public void End() => _window.Writer.TryComplete();

        public void Dispose()
        {
            lock (feed._lock) feed._readers.Remove(this);
        }
    }
}
