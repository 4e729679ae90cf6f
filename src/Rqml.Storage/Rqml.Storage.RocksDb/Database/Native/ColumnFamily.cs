namespace Rqml.Storage.RocksDb.Database.Native;

/// <summary>A column family of an open database, valid as long as that is.</summary>
internal readonly unsafe struct ColumnFamily(rocksdb_column_family_handle_t* handle)
{
    public rocksdb_column_family_handle_t* Handle { get; } = handle;
}
