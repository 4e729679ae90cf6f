using Rqml.Storage.RocksDb.Database.Native;
using static Rqml.Storage.RocksDb.Database.Native.RocksDbFunctions;

namespace Rqml.Storage.RocksDb.Database;

/// <summary>RocksDB as this store uses it. Throws what RocksDB throws; the store gives it its names. Reads are thread-safe, writes are not.</summary>
internal sealed unsafe class KeyValueDatabase : IDisposable
{
    private readonly NativeDatabase _database;
    private readonly ColumnFamily[] _families;
    private readonly NativeWriteOptions _synced = NativeWriteOptions.Synced();
    private readonly NativeWriteOptions _unsynced = NativeWriteOptions.Unsynced();
    private readonly NativeReadOptions _read = new();

    private KeyValueDatabase(NativeDatabase database)
    {
        _database = database;
        Own = database.Families[0];
        _families = database.Families[1..].ToArray();
    }

    /// <summary>The family of the store's own records, which users do not see.</summary>
    public ColumnFamily Own { get; }

    public static KeyValueDatabase Open(string path, RocksDbOptions options, bool create)
    {
        RocksDbLibrary.Prepare();
        using var cache = new NativeCache(options.BlockCacheBytes);
        using var settings = DatabaseSettings.ForDatabase(create);
        var families = Array.ConvertAll(DatabaseSettings.Families, name => (Name: name, Options: DatabaseSettings.ForFamily(name, options, cache)));
        try
        {
            return new KeyValueDatabase(NativeDatabase.Open(path, settings, families));
        }
        finally
        {
            foreach (var family in families) family.Options.Dispose();
        }
    }

    public ColumnFamily this[StoreFamily family] => _families[(int)family];

    public PinnedValue Get(ColumnFamily family, ReadOnlySpan<byte> key) => Get(family, key, _read);

    public PinnedValue Get(ColumnFamily family, ReadOnlySpan<byte> key, NativeReadOptions options)
    {
        fixed (byte* keyAt = key)
        {
            // RocksDB reads a null pointer of length 0 as the empty key.
            byte* error = null;
            var slice = rocksdb_get_pinned_cf(_database.Handle, options.Handle, family.Handle, keyAt, (nuint)key.Length, &error);
            RocksDbException.ThrowIf(error);
            return new PinnedValue(slice);
        }
    }

    public Cursor Walk(ColumnFamily family, ReadOnlySpan<byte> prefix, NativeSnapshot? snapshot = null) => new(_database, family, prefix, snapshot);

    public NativeSnapshot TakeSnapshot() => new(_database);

    /// <summary>Returns once the batch is in the write-ahead log and that is synced.</summary>
    public void WriteSynced(NativeBatch batch) => Write(batch, _synced);

    /// <summary>Returns once the batch is in the write-ahead log; the next synced write makes it durable.</summary>
    public void WriteUnsynced(NativeBatch batch) => Write(batch, _unsynced);

    /// <summary>Writes all families' gathered changes to tables, together.</summary>
    public void Flush()
    {
        var count = _database.Families.Length;
        var families = stackalloc rocksdb_column_family_handle_t*[count];
        for (var i = 0; i < count; i++) families[i] = _database.Families[i].Handle;
        var options = rocksdb_flushoptions_create();
        rocksdb_flushoptions_set_wait(options, 1);
        byte* error = null;
        rocksdb_flush_cfs(_database.Handle, options, families, count, &error);
        rocksdb_flushoptions_destroy(options);
        RocksDbException.ThrowIf(error);
    }

    /// <summary>Reads every block of every table and checks it.</summary>
    public void VerifyChecksums()
    {
        byte* error = null;
        rocksdb_verify_checksum(_database.Handle, &error);
        RocksDbException.ThrowIf(error);
    }

    /// <summary>Deletes every key with the prefix in one record, however many there are.</summary>
    public static void DeleteRange(NativeBatch batch, ColumnFamily family, ReadOnlySpan<byte> prefix)
    {
        Span<byte> buffer = stackalloc byte[Storage.WriteBatch.MaxKeyBytes];
        batch.DeleteRange(prefix, FamilyKeys.After(prefix, buffer), family);
    }

    public void Dispose()
    {
        _database.Dispose();
        _read.Dispose();
        _unsynced.Dispose();
        _synced.Dispose();
    }

    private void Write(NativeBatch batch, NativeWriteOptions options)
    {
        byte* error = null;
        rocksdb_write(_database.Handle, options.Handle, batch.Handle, &error);
        RocksDbException.ThrowIf(error);
    }
}
