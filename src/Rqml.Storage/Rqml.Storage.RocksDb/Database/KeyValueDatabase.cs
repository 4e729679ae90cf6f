using RocksDbSharp;
using NativeBatch = RocksDbSharp.WriteBatch;

namespace Rqml.Storage.RocksDb.Database;

/// <summary>RocksDB as this store uses it. Throws what RocksDB throws; the store gives it its names. Reads are thread-safe, writes are not.</summary>
internal sealed unsafe class KeyValueDatabase : IDisposable
{
    private readonly RocksDbSharp.RocksDb _database;
    private readonly ColumnFamilyHandle[] _families;
    private readonly WriteOptions _synced = new WriteOptions().SetSync(true);
    private readonly WriteOptions _unsynced = new();
    private readonly ReadOptions _read = new();
    private readonly object[] _keptAlive;
    private bool _isDisposed;

    private KeyValueDatabase(RocksDbSharp.RocksDb database, params object[] keptAlive)
    {
        _database = database;
        _keptAlive = keptAlive;
        Own = database.GetColumnFamily(DatabaseSettings.Families[0]);
        _families = [.. DatabaseSettings.Families.Skip(1).Select(database.GetColumnFamily)];
    }

    /// <summary>The family of the store's own records, which users do not see.</summary>
    public ColumnFamilyHandle Own { get; }

    public static KeyValueDatabase Open(string path, RocksDbOptions options, bool create)
    {
        var cache = Cache.CreateLru((ulong)options.BlockCacheBytes);
        var settings = DatabaseSettings.ForDatabase(create);
        var families = new ColumnFamilies(DatabaseSettings.ForFamily(DatabaseSettings.Families[0], options, cache));
        foreach (var family in DatabaseSettings.Families.Skip(1)) families.Add(family, DatabaseSettings.ForFamily(family, options, cache));
        return new KeyValueDatabase(RocksDbSharp.RocksDb.Open(settings, path, families), cache, settings, families);
    }

    public ColumnFamilyHandle this[StoreFamily family] => _families[(int)family];

    public PinnedValue Get(ColumnFamilyHandle family, ReadOnlySpan<byte> key) => Get(family, key, _read);

    public PinnedValue Get(ColumnFamilyHandle family, ReadOnlySpan<byte> key, ReadOptions options)
    {
        fixed (byte* pointer = key)
        {
            // RocksDB reads a null pointer of length 0 as the empty key.
            return new PinnedValue(Native.Instance.rocksdb_get_pinned_cf(_database.Handle, options.Handle, family.Handle, pointer, (UIntPtr)key.Length));
        }
    }

    public Cursor Walk(ColumnFamilyHandle family, ReadOnlySpan<byte> prefix, Snapshot? snapshot = null) => new(_database, family, prefix, snapshot);

    public Snapshot TakeSnapshot() => _database.CreateSnapshot();

    /// <summary>Returns once the batch is in the write-ahead log and that is synced.</summary>
    public void WriteSynced(NativeBatch batch) => _database.Write(batch, _synced);

    /// <summary>Returns once the batch is in the write-ahead log; the next synced write makes it durable.</summary>
    public void WriteUnsynced(NativeBatch batch) => _database.Write(batch, _unsynced);

    /// <summary>Writes all families' gathered changes to tables, together.</summary>
    public void Flush()
    {
        var options = new FlushOptions().SetWaitForFlush(true);
        ColumnFamilyHandle[] all = [Own, .. _families];
        Native.Instance.rocksdb_flush_cfs(_database.Handle, options.Handle, [.. all.Select(family => family.Handle)], all.Length);
        GC.KeepAlive(options);
    }

    /// <summary>Reads every block of every table and checks it.</summary>
    public void VerifyChecksums() => Native.Instance.rocksdb_verify_checksum(_database.Handle);

    /// <summary>Deletes every key with the prefix in one record, however many there are.</summary>
    public static void DeleteRange(NativeBatch batch, ColumnFamilyHandle family, ReadOnlySpan<byte> prefix)
    {
        Span<byte> buffer = stackalloc byte[Storage.WriteBatch.MaxKeyBytes];
        DeleteRange(batch, family, prefix, FamilyKeys.After(prefix, buffer));
    }

    /// <summary>Deletes the keys from <paramref name="first"/> to before <paramref name="end"/>.</summary>
    public static void DeleteRange(NativeBatch batch, ColumnFamilyHandle family, ReadOnlySpan<byte> first, ReadOnlySpan<byte> end)
    {
        fixed (byte* from = first)
        fixed (byte* to = end)
        {
            batch.DeleteRange(from, (ulong)first.Length, to, (ulong)end.Length, family);
        }
    }

    public void Dispose()
    {
        if (_isDisposed) return;
        _isDisposed = true;
        _database.Dispose();
        GC.KeepAlive(_keptAlive);
    }
}
