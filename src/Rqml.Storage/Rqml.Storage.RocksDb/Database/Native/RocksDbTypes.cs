namespace Rqml.Storage.RocksDb.Database.Native;

// What rocksdb/c.h declares and never defines. Each kind of handle is a type of its own, so that the compiler refuses one for another.
internal readonly struct rocksdb_t;

internal readonly struct rocksdb_column_family_handle_t;

internal readonly struct rocksdb_options_t;

internal readonly struct rocksdb_block_based_table_options_t;

internal readonly struct rocksdb_filterpolicy_t;

internal readonly struct rocksdb_cache_t;

internal readonly struct rocksdb_readoptions_t;

internal readonly struct rocksdb_writeoptions_t;

internal readonly struct rocksdb_flushoptions_t;

internal readonly struct rocksdb_writebatch_t;

internal readonly struct rocksdb_snapshot_t;

internal readonly struct rocksdb_iterator_t;

internal readonly struct rocksdb_pinnableslice_t;
