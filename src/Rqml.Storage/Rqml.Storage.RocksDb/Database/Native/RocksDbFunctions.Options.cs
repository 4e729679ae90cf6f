using System.Runtime.InteropServices;

namespace Rqml.Storage.RocksDb.Database.Native;

/// <content>How a database is set up; called when one is opened.</content>
internal static unsafe partial class RocksDbFunctions
{
    [LibraryImport(Library)]
    public static partial rocksdb_options_t* rocksdb_options_create();

    [LibraryImport(Library)]
    public static partial void rocksdb_options_destroy(rocksdb_options_t* options);

    [LibraryImport(Library)]
    public static partial void rocksdb_options_set_create_if_missing(rocksdb_options_t* options, byte value);

    [LibraryImport(Library)]
    public static partial void rocksdb_options_set_create_missing_column_families(rocksdb_options_t* options, byte value);

    [LibraryImport(Library)]
    public static partial void rocksdb_options_set_error_if_exists(rocksdb_options_t* options, byte value);

    [LibraryImport(Library)]
    public static partial void rocksdb_options_set_paranoid_checks(rocksdb_options_t* options, byte value);

    [LibraryImport(Library)]
    public static partial void rocksdb_options_set_wal_recovery_mode(rocksdb_options_t* options, int mode);

    [LibraryImport(Library)]
    public static partial void rocksdb_options_set_recycle_log_file_num(rocksdb_options_t* options, nuint files);

    [LibraryImport(Library)]
    public static partial void rocksdb_options_set_max_total_wal_size(rocksdb_options_t* options, ulong bytes);

    [LibraryImport(Library)]
    public static partial void rocksdb_options_set_max_log_file_size(rocksdb_options_t* options, nuint bytes);

    [LibraryImport(Library)]
    public static partial void rocksdb_options_set_keep_log_file_num(rocksdb_options_t* options, nuint files);

    [LibraryImport(Library)]
    public static partial void rocksdb_options_set_info_log_level(rocksdb_options_t* options, int level);

    [LibraryImport(Library)]
    public static partial void rocksdb_options_set_stats_dump_period_sec(rocksdb_options_t* options, uint seconds);

    [LibraryImport(Library)]
    public static partial void rocksdb_options_set_max_open_files(rocksdb_options_t* options, int files);

    [LibraryImport(Library)]
    public static partial void rocksdb_options_set_max_background_jobs(rocksdb_options_t* options, int jobs);

    [LibraryImport(Library)]
    public static partial void rocksdb_options_set_atomic_flush(rocksdb_options_t* options, byte value);

    [LibraryImport(Library)]
    public static partial void rocksdb_options_set_track_and_verify_wals_in_manifest(rocksdb_options_t* options, byte value);

    [LibraryImport(Library)]
    public static partial void rocksdb_options_set_max_bgerror_resume_count(rocksdb_options_t* options, int count);

    [LibraryImport(Library)]
    public static partial void rocksdb_options_set_write_buffer_size(rocksdb_options_t* options, nuint bytes);

    [LibraryImport(Library)]
    public static partial void rocksdb_options_set_compression(rocksdb_options_t* options, int type);

    /// <summary>Copies the table options; cache and filter policy are counted references in them.</summary>
    [LibraryImport(Library)]
    public static partial void rocksdb_options_set_block_based_table_factory(rocksdb_options_t* options, rocksdb_block_based_table_options_t* tables);

    [LibraryImport(Library)]
    public static partial rocksdb_block_based_table_options_t* rocksdb_block_based_options_create();

    [LibraryImport(Library)]
    public static partial void rocksdb_block_based_options_set_format_version(rocksdb_block_based_table_options_t* tables, int version);

    /// <summary>Takes a share of the cache: the caller destroys its own.</summary>
    [LibraryImport(Library)]
    public static partial void rocksdb_block_based_options_set_block_cache(rocksdb_block_based_table_options_t* tables, rocksdb_cache_t* cache);

    /// <summary>Takes the policy over: the caller must not destroy it.</summary>
    [LibraryImport(Library)]
    public static partial void rocksdb_block_based_options_set_filter_policy(rocksdb_block_based_table_options_t* tables, rocksdb_filterpolicy_t* policy);

    [LibraryImport(Library)]
    public static partial void rocksdb_block_based_options_destroy(rocksdb_block_based_table_options_t* tables);

    [LibraryImport(Library)]
    public static partial rocksdb_filterpolicy_t* rocksdb_filterpolicy_create_bloom_full(double bits_per_key);

    [LibraryImport(Library)]
    public static partial rocksdb_cache_t* rocksdb_cache_create_lru(nuint capacity);

    [LibraryImport(Library)]
    public static partial void rocksdb_cache_destroy(rocksdb_cache_t* cache);
}
