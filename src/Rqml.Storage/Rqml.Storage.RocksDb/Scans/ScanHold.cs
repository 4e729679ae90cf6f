using Rqml.Storage.RocksDb.Artifacts;
using Rqml.Storage.RocksDb.Database;
using Rqml.Storage.RocksDb.Database.Native;

namespace Rqml.Storage.RocksDb.Scans;

/// <summary>What one scan holds of the store: a snapshot of its call and a lease on the segments that belong to it. Thread-safe against closing.</summary>
internal sealed class ScanHold : IDisposable
{
    private readonly Lock _lock = new();
    private readonly OpenStore _store;
    private readonly OpenScans _scans;
    private readonly long _epoch;
    private readonly StoreFamily _family;
    private readonly NativeSnapshot _snapshot;
    private readonly NativeReadOptions _read;
    private readonly Cursor _cursor;
    private bool _isDisposed;

    /// <summary>Takes over the lease of <paramref name="epoch"/>, unless it throws.</summary>
    /// <exception cref="ObjectDisposedException">The store is being closed.</exception>
    public ScanHold(OpenStore store, OpenScans scans, long epoch, StoreFamily family, ReadOnlySpan<byte> prefix)
    {
        _store = store;
        _scans = scans;
        _epoch = epoch;
        _family = family;
        _snapshot = store.Database.TakeSnapshot();
        _read = new NativeReadOptions(_snapshot);
        _cursor = store.Database.Walk(store.Database[family], prefix, _snapshot);
        if (scans.TryAdd(this)) return;
        ReleaseLocked();
        throw new ObjectDisposedException(typeof(RocksDbStore).FullName);
    }

    /// <summary>The next entry; false after the last.</summary>
    /// <exception cref="ObjectDisposedException">The scan, or its store, has been closed.</exception>
    public bool TryRead(out StoreEntry entry)
    {
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_isDisposed, typeof(RocksDbStore));
            entry = default;
            if (!_cursor.MoveNext()) return false;
            entry = new StoreEntry(_cursor.Key.ToArray(), ReadValueLocked());
            return true;
        }
    }

    public void Dispose()
    {
        lock (_lock)
        {
            if (_isDisposed) return;
            _isDisposed = true;
            ReleaseLocked();
        }

        _scans.Remove(this);
        _store.Leases.Exit(_epoch);
    }

    private void ReleaseLocked()
    {
        _cursor.Dispose();
        _read.Dispose();
        _snapshot.Dispose();
    }

    private byte[] ReadValueLocked()
    {
        var value = _cursor.Value;
        if (_family != StoreFamily.Artifact) return value.ToArray();
        if (!ArtifactValue.IsPointer(value, out var digest)) return ArtifactValue.ReadInline(value);
        if (!_store.Index.TryGet(digest, _read, out var location)) throw new InvalidDataException($"artifact {digest} is not in the segment index");
        return _store.Segments.Read(digest, location);
    }
}
