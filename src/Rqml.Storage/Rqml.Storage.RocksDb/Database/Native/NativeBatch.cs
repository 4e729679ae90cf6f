using static Rqml.Storage.RocksDb.Database.Native.RocksDbFunctions;

namespace Rqml.Storage.RocksDb.Database.Native;

/// <summary>Changes that RocksDB writes together or not at all. Reusable after <see cref="Clear"/>; not thread-safe.</summary>
/// <remarks>Keys and values are copied once, from where they lie into RocksDB's own buffer. An empty span is a null pointer of length 0, which RocksDB reads as empty.</remarks>
internal sealed unsafe class NativeBatch : IDisposable
{
    public rocksdb_writebatch_t* Handle { get; private set; } = rocksdb_writebatch_create();

    public void Put(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value, ColumnFamily family)
    {
        fixed (byte* keyAt = key)
        fixed (byte* valueAt = value)
        {
            rocksdb_writebatch_put_cf(Handle, family.Handle, keyAt, (nuint)key.Length, valueAt, (nuint)value.Length);
        }
    }

    public void Delete(ReadOnlySpan<byte> key, ColumnFamily family)
    {
        fixed (byte* keyAt = key)
        {
            rocksdb_writebatch_delete_cf(Handle, family.Handle, keyAt, (nuint)key.Length);
        }
    }

    /// <summary>Deletes the keys from <paramref name="first"/> to before <paramref name="end"/>.</summary>
    public void DeleteRange(ReadOnlySpan<byte> first, ReadOnlySpan<byte> end, ColumnFamily family)
    {
        fixed (byte* firstAt = first)
        fixed (byte* endAt = end)
        {
            rocksdb_writebatch_delete_range_cf(Handle, family.Handle, firstAt, (nuint)first.Length, endAt, (nuint)end.Length);
        }
    }

    public void Clear() => rocksdb_writebatch_clear(Handle);

    public void Dispose()
    {
        if (Handle != null) rocksdb_writebatch_destroy(Handle);
        Handle = null;
    }
}
