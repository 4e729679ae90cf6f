using System.Collections;

namespace Rqml.Storage.RocksDb.Scans;

/// <summary>The entries of one scan, to be read once.</summary>
internal sealed class StoreScan(ScanHold hold, Func<Exception, Exception> translate) : IEnumerable<StoreEntry>, IDisposable
{
    private readonly Func<Exception, Exception> _translate = translate;
    private int _isTaken;

    private ScanHold Hold { get; } = hold;

    // A scan that nobody reads would otherwise hold its snapshot, and with it deleted data, until the store closes.
    ~StoreScan() => Hold.Dispose();

    public IEnumerator<StoreEntry> GetEnumerator()
    {
        if (Interlocked.Exchange(ref _isTaken, 1) == 1) throw new InvalidOperationException("A scan can be read once; call Scan again.");
        return new Reader(this);
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    public void Dispose()
    {
        Hold.Dispose();
        GC.SuppressFinalize(this);
    }

    private sealed class Reader(StoreScan scan) : IEnumerator<StoreEntry>
    {
        private readonly StoreScan _scan = scan;
        private StoreEntry _current;
        private bool _hasEnded;

        public StoreEntry Current => _current;

        object IEnumerator.Current => _current;

        public bool MoveNext()
        {
            if (_hasEnded) return false;
            try
            {
                if (_scan.Hold.TryRead(out _current)) return true;
            }
            catch (Exception error) when (error is not ObjectDisposedException)
            {
                Dispose();
                throw _scan._translate(error);
            }

            Dispose();
            return false;
        }

        public void Reset() => throw new NotSupportedException();

        public void Dispose()
        {
            _hasEnded = true;
            _scan.Dispose();
        }
    }
}
