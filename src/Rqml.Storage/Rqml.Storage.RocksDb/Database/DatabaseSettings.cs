using Rqml.Storage.RocksDb.Database.Native;
using static Rqml.Storage.RocksDb.Database.Native.RocksDbFunctions;

namespace Rqml.Storage.RocksDb.Database;

/// <summary>How RocksDB is set up: one page to read before asking why it does what it does.</summary>
internal static unsafe class DatabaseSettings
{
    private const byte Yes = 1;
    private const byte No = 0;
    private const int TableFormat = 6;          // the newest that checksums a table's footer too; readable since RocksDB 8.4
    private const int PointInTime = 2;          // rocksdb_point_in_time_recovery
    private const int Warnings = 2;             // InfoLogLevel::WARN_LEVEL
    private const int Uncompressed = 0;         // rocksdb_no_compression
    private const int Zstd = 7;                 // rocksdb_zstd_compression

    /// <summary>The names of RocksDB's column families: its own default one for the store's records, then one per <see cref="StoreFamily"/>.</summary>
    public static readonly string[] Families = ["default", .. Enum.GetNames<StoreFamily>().Select(name => name.ToLowerInvariant())];

    public static NativeOptions ForDatabase(bool create)
    {
        var settings = new NativeOptions();
        var database = settings.Handle;

        // Created only where there is no store yet: else a lost CURRENT file would silently become an empty store.
        var isNew = create ? Yes : No;
        rocksdb_options_set_create_if_missing(database, isNew);
        rocksdb_options_set_create_missing_column_families(database, isNew);
        rocksdb_options_set_error_if_exists(database, isNew);
        rocksdb_options_set_paranoid_checks(database, Yes);
        rocksdb_options_set_wal_recovery_mode(database, PointInTime);       // absolute consistency refuses every ordinary torn tail; the mark finds what this one hides
        rocksdb_options_set_recycle_log_file_num(database, 0);
        rocksdb_options_set_max_total_wal_size(database, 256 << 20);
        rocksdb_options_set_max_log_file_size(database, 1 << 20);           // RocksDB's own text log
        rocksdb_options_set_keep_log_file_num(database, 2);
        rocksdb_options_set_info_log_level(database, Warnings);
        rocksdb_options_set_stats_dump_period_sec(database, 0);
        rocksdb_options_set_max_open_files(database, -1);                   // every table is opened, and so looked at, when the store is
        rocksdb_options_set_max_background_jobs(database, 2);

        // All families are flushed together, so that a lost flush takes the same commits from each and the commit log shows the hole.
        rocksdb_options_set_atomic_flush(database, Yes);
        rocksdb_options_set_track_and_verify_wals_in_manifest(database, Yes);

        // A failed write or flush is final: RocksDB must not heal itself behind a store that has stopped.
        rocksdb_options_set_max_bgerror_resume_count(database, 0);
        return settings;
    }

    public static NativeOptions ForFamily(string family, RocksDbOptions options, NativeCache cache)
    {
        var tables = rocksdb_block_based_options_create();
        rocksdb_block_based_options_set_format_version(tables, TableFormat);
        rocksdb_block_based_options_set_block_cache(tables, cache.Handle);
        rocksdb_block_based_options_set_filter_policy(tables, rocksdb_filterpolicy_create_bloom_full(bits_per_key: 10));

        // Checkpoints, artifacts and results arrive compressed where that helps; trying again costs processor time for nothing.
        var isSmall = family is "default" or "meta" or "ledger" or "task";
        var settings = new NativeOptions();
        rocksdb_options_set_block_based_table_factory(settings.Handle, tables);
        rocksdb_options_set_write_buffer_size(settings.Handle, (nuint)options.WriteBufferBytes);
        rocksdb_options_set_compression(settings.Handle, isSmall ? Zstd : Uncompressed);
        rocksdb_block_based_options_destroy(tables);
        return settings;
    }
}
