using System.Runtime.InteropServices;
using RocksDbSharp;

namespace Rqml.Storage.RocksDb.Database;

/// <summary>Walks the keys with one prefix, in order. Not thread-safe.</summary>
internal sealed unsafe class Cursor : IDisposable
{
    private readonly ReadOptions _options = new();
    private readonly Iterator _iterator;
    private void* _end;
    private bool _started;

    public Cursor(RocksDbSharp.RocksDb database, ColumnFamilyHandle family, ReadOnlySpan<byte> prefix, Snapshot? snapshot)
    {
        // RocksDB keeps the pointer to the upper bound: it must stay where it is until the iterator is gone.
        Span<byte> buffer = stackalloc byte[Storage.WriteBatch.MaxKeyBytes];
        var end = FamilyKeys.After(prefix, buffer);
        _end = NativeMemory.Alloc((nuint)end.Length);
        end.CopyTo(new Span<byte>(_end, end.Length));
        _options.SetIterateUpperBound((byte*)_end, (ulong)end.Length);
        if (snapshot is not null) _options.SetSnapshot(snapshot);
        _iterator = database.NewIterator(family, _options);
        Prefix = prefix.ToArray();
    }

    public byte[] Prefix { get; }

    public ReadOnlySpan<byte> Key => _iterator.GetKeySpan();

    public ReadOnlySpan<byte> Value => _iterator.GetValueSpan();

    /// <summary>False after the last key. Damage met on the way is thrown: an iterator that stops early would look like the end.</summary>
    public bool MoveNext()
    {
        if (_started) _iterator.Next();
        else if (Prefix.Length == 0) _iterator.SeekToFirst();
        else _iterator.Seek(Prefix);
        _started = true;
        if (_iterator.Valid()) return true;
        Native.Instance.rocksdb_iter_get_error(_iterator.Handle);
        return false;
    }

    public void Dispose()
    {
        if (_end is null) return;
        _iterator.Dispose();
        GC.KeepAlive(_options);
        NativeMemory.Free(_end);
        _end = null;
    }
}
