using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

// All arguments are passed as they are: no marshalling code is generated, at build time or at run time.
[assembly: DisableRuntimeMarshalling]

namespace Rqml.Storage.RocksDb.Database.Native;

/// <summary>
/// The functions of RocksDB's C interface that this store calls, under their own names and with the types of <c>rocksdb/c.h</c>: <c>size_t</c> is nuint,
/// <c>unsigned char</c> a byte that is 0 or 1, and <c>errptr</c> a pointer to null that the callee may point to a message (<see cref="RocksDbException"/>).
/// </summary>
/// <remarks>What a function copies, keeps or takes over is said where it matters; what is not said is copied.</remarks>
internal static unsafe partial class RocksDbFunctions
{
    private const string Library = RocksDbLibrary.Name;

    // The database. Options are copied at opening. Families are destroyed before it is closed, and so are iterators and snapshots.
    [LibraryImport(Library)]
    public static partial rocksdb_t* rocksdb_open_column_families(
        rocksdb_options_t* options, byte* name, int num_column_families, byte** column_family_names, rocksdb_options_t** column_family_options,
        rocksdb_column_family_handle_t** column_family_handles, byte** errptr);

    [LibraryImport(Library)]
    public static partial void rocksdb_column_family_handle_destroy(rocksdb_column_family_handle_t* family);

    [LibraryImport(Library)]
    public static partial void rocksdb_close(rocksdb_t* db);

    [LibraryImport(Library)]
    public static partial void rocksdb_flush_cfs(
        rocksdb_t* db, rocksdb_flushoptions_t* options, rocksdb_column_family_handle_t** column_families, int num_column_families, byte** errptr);

    [LibraryImport(Library)]
    public static partial void rocksdb_verify_checksum(rocksdb_t* db, byte** errptr);

    [LibraryImport(Library)]
    public static partial void rocksdb_free(void* ptr);

    // Reading. A pinned slice keeps its value in place until it is destroyed; null where the key is not found, or with an error.
    [LibraryImport(Library)]
    public static partial rocksdb_pinnableslice_t* rocksdb_get_pinned_cf(
        rocksdb_t* db, rocksdb_readoptions_t* options, rocksdb_column_family_handle_t* family, byte* key, nuint keylen, byte** errptr);

    [LibraryImport(Library)]
    public static partial byte* rocksdb_pinnableslice_value(rocksdb_pinnableslice_t* slice, nuint* vlen);

    [LibraryImport(Library)]
    public static partial void rocksdb_pinnableslice_destroy(rocksdb_pinnableslice_t* slice);

    // The snapshot must outlive the read options that name it, and be released before the database is closed.
    [LibraryImport(Library)]
    public static partial rocksdb_snapshot_t* rocksdb_create_snapshot(rocksdb_t* db);

    [LibraryImport(Library)]
    public static partial void rocksdb_release_snapshot(rocksdb_t* db, rocksdb_snapshot_t* snapshot);

    [LibraryImport(Library)]
    public static partial rocksdb_readoptions_t* rocksdb_readoptions_create();

    [LibraryImport(Library)]
    public static partial void rocksdb_readoptions_set_snapshot(rocksdb_readoptions_t* options, rocksdb_snapshot_t* snapshot);

    /// <summary>Keeps the pointer to the key, not a copy.</summary>
    [LibraryImport(Library)]
    public static partial void rocksdb_readoptions_set_iterate_upper_bound(rocksdb_readoptions_t* options, byte* key, nuint keylen);

    [LibraryImport(Library)]
    public static partial void rocksdb_readoptions_destroy(rocksdb_readoptions_t* options);

    // An iterator points into its read options for the upper bound. What key and value point to lasts until it moves.
    [LibraryImport(Library)]
    public static partial rocksdb_iterator_t* rocksdb_create_iterator_cf(rocksdb_t* db, rocksdb_readoptions_t* options, rocksdb_column_family_handle_t* family);

    [LibraryImport(Library)]
    public static partial void rocksdb_iter_seek_to_first(rocksdb_iterator_t* iterator);

    [LibraryImport(Library)]
    public static partial void rocksdb_iter_seek(rocksdb_iterator_t* iterator, byte* key, nuint klen);

    [LibraryImport(Library)]
    public static partial void rocksdb_iter_next(rocksdb_iterator_t* iterator);

    [LibraryImport(Library)]
    public static partial byte rocksdb_iter_valid(rocksdb_iterator_t* iterator);

    [LibraryImport(Library)]
    public static partial byte* rocksdb_iter_key(rocksdb_iterator_t* iterator, nuint* klen);

    [LibraryImport(Library)]
    public static partial byte* rocksdb_iter_value(rocksdb_iterator_t* iterator, nuint* vlen);

    [LibraryImport(Library)]
    public static partial void rocksdb_iter_get_error(rocksdb_iterator_t* iterator, byte** errptr);

    [LibraryImport(Library)]
    public static partial void rocksdb_iter_destroy(rocksdb_iterator_t* iterator);

    // Writing. A batch copies its keys and values.
    [LibraryImport(Library)]
    public static partial rocksdb_writebatch_t* rocksdb_writebatch_create();

    [LibraryImport(Library)]
    public static partial void rocksdb_writebatch_put_cf(
        rocksdb_writebatch_t* batch, rocksdb_column_family_handle_t* family, byte* key, nuint klen, byte* val, nuint vlen);

    [LibraryImport(Library)]
    public static partial void rocksdb_writebatch_delete_cf(rocksdb_writebatch_t* batch, rocksdb_column_family_handle_t* family, byte* key, nuint klen);

    [LibraryImport(Library)]
    public static partial void rocksdb_writebatch_delete_range_cf(
        rocksdb_writebatch_t* batch, rocksdb_column_family_handle_t* family, byte* start_key, nuint start_key_len, byte* end_key, nuint end_key_len);

    [LibraryImport(Library)]
    public static partial void rocksdb_writebatch_clear(rocksdb_writebatch_t* batch);

    [LibraryImport(Library)]
    public static partial void rocksdb_writebatch_destroy(rocksdb_writebatch_t* batch);

    [LibraryImport(Library)]
    public static partial void rocksdb_write(rocksdb_t* db, rocksdb_writeoptions_t* options, rocksdb_writebatch_t* batch, byte** errptr);

    [LibraryImport(Library)]
    public static partial rocksdb_writeoptions_t* rocksdb_writeoptions_create();

    [LibraryImport(Library)]
    public static partial void rocksdb_writeoptions_set_sync(rocksdb_writeoptions_t* options, byte sync);

    [LibraryImport(Library)]
    public static partial void rocksdb_writeoptions_destroy(rocksdb_writeoptions_t* options);

    [LibraryImport(Library)]
    public static partial rocksdb_flushoptions_t* rocksdb_flushoptions_create();

    [LibraryImport(Library)]
    public static partial void rocksdb_flushoptions_set_wait(rocksdb_flushoptions_t* options, byte wait);

    [LibraryImport(Library)]
    public static partial void rocksdb_flushoptions_destroy(rocksdb_flushoptions_t* options);
}
