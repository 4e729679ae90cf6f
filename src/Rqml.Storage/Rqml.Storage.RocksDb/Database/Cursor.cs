using System.Runtime.InteropServices;
using Rqml.Storage.RocksDb.Database.Native;
using static Rqml.Storage.RocksDb.Database.Native.RocksDbFunctions;

namespace Rqml.Storage.RocksDb.Database;

/// <summary>Walks the keys with one prefix, in order. Not thread-safe.</summary>
internal sealed unsafe class Cursor : IDisposable
{
    private readonly NativeReadOptions _options;
    private readonly rocksdb_iterator_t* _iterator;
    private byte* _end;
    private bool _started;

    public Cursor(NativeDatabase database, ColumnFamily family, ReadOnlySpan<byte> prefix, NativeSnapshot? snapshot)
    {
        // RocksDB keeps the pointer to the upper bound: it must stay where it is until the iterator is gone.
        Span<byte> buffer = stackalloc byte[Storage.WriteBatch.MaxKeyBytes];
        var end = FamilyKeys.After(prefix, buffer);
        _end = (byte*)NativeMemory.Alloc((nuint)end.Length);
        end.CopyTo(new Span<byte>(_end, end.Length));
        _options = new NativeReadOptions(snapshot);
        _options.EndBefore(_end, end.Length);
        _iterator = rocksdb_create_iterator_cf(database.Handle, _options.Handle, family.Handle);
        Prefix = prefix.ToArray();
    }

    public byte[] Prefix { get; }

    /// <summary>The present key, until the cursor moves.</summary>
    public ReadOnlySpan<byte> Key
    {
        get
        {
            nuint length;
            var key = rocksdb_iter_key(_iterator, &length);
            return new ReadOnlySpan<byte>(key, checked((int)length));
        }
    }

    /// <summary>The present value, until the cursor moves.</summary>
    public ReadOnlySpan<byte> Value
    {
        get
        {
            nuint length;
            var value = rocksdb_iter_value(_iterator, &length);
            return new ReadOnlySpan<byte>(value, checked((int)length));
        }
    }

    /// <summary>False after the last key. Damage met on the way is thrown: an iterator that stops early would look like the end.</summary>
    public bool MoveNext()
    {
        if (_started) rocksdb_iter_next(_iterator);
        else SeekFirst();
        _started = true;
        if (rocksdb_iter_valid(_iterator) != 0) return true;
        byte* error = null;
        rocksdb_iter_get_error(_iterator, &error);
        RocksDbException.ThrowIf(error);
        return false;
    }

    public void Dispose()
    {
        if (_end == null) return;
        rocksdb_iter_destroy(_iterator);
        _options.Dispose();
        NativeMemory.Free(_end);
        _end = null;
    }

    private void SeekFirst()
    {
        if (Prefix.Length == 0)
        {
            rocksdb_iter_seek_to_first(_iterator);
            return;
        }

        fixed (byte* prefix = Prefix)
        {
            rocksdb_iter_seek(_iterator, prefix, (nuint)Prefix.Length);
        }
    }
}
