using RocksDbSharp;

namespace Rqml.Storage.RocksDb.Database;

/// <summary>How RocksDB is set up: one page to read before asking why it does what it does.</summary>
internal static class DatabaseSettings
{
    private const int TableFormat = 6;          // the newest that checksums a table's footer too; readable since RocksDB 8.4

    /// <summary>The names of RocksDB's column families: its own default one for the store's records, then one per <see cref="StoreFamily"/>.</summary>
    public static readonly string[] Families = ["default", .. Enum.GetNames<StoreFamily>().Select(name => name.ToLowerInvariant())];

    public static DbOptions ForDatabase(bool create)
    {
        // CreateIfMissing only for a store that does not exist yet: else a lost CURRENT file would silently become an empty store.
        var settings = new DbOptions()
            .SetCreateIfMissing(create)
            .SetCreateMissingColumnFamilies(create)
            .SetErrorIfExists(create)
            .SetParanoidChecks(true)
            .SetWalRecoveryMode(Recovery.PointInTime)       // Absolute refuses every ordinary torn tail; the mark finds what this one hides
            .SetRecycleLogFileNum(0)
            .SetMaxTotalWalSize(256UL << 20)
            .SetMaxLogFileSize(1UL << 20)                   // RocksDB's own text log
            .SetKeepLogFileNum(2)
            .SetInfoLogLevel(InfoLogLevel.Warn)
            .SetStatsDumpPeriodSec(0)
            .SetMaxOpenFiles(-1);                           // every table is opened, and so looked at, when the store is
        var native = Native.Instance;
        native.rocksdb_options_set_max_background_jobs(settings.Handle, 2);

        // All families are flushed together, so that a lost flush takes the same commits from each and the commit log shows the hole.
        native.rocksdb_options_set_atomic_flush(settings.Handle, 1);
        native.rocksdb_options_set_track_and_verify_wals_in_manifest(settings.Handle, 1);

        // A failed write or flush is final: RocksDB must not heal itself behind a store that has stopped.
        native.rocksdb_options_set_max_bgerror_resume_count(settings.Handle, 0);
        return settings;
    }

    public static ColumnFamilyOptions ForFamily(string family, RocksDbOptions options, Cache cache)
    {
        var tables = new BlockBasedTableOptions()
            .SetFormatVersion(TableFormat)
            .SetBlockCache(cache)
            .SetFilterPolicy(BloomFilterPolicy.Create(10, false));

        // Checkpoints, artifacts and results arrive compressed where that helps; trying again costs processor time for nothing.
        var isSmall = family is "default" or "meta" or "ledger" or "task";
        return new ColumnFamilyOptions()
            .SetBlockBasedTableFactory(tables)
            .SetWriteBufferSize((ulong)options.WriteBufferBytes)
            .SetCompression(isSmall ? Compression.Zstd : Compression.No);
    }
}
