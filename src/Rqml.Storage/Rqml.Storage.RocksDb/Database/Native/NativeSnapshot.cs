using static Rqml.Storage.RocksDb.Database.Native.RocksDbFunctions;

namespace Rqml.Storage.RocksDb.Database.Native;

/// <summary>A database as it was at one moment, to be disposed before the database is.</summary>
internal sealed unsafe class NativeSnapshot(NativeDatabase database) : IDisposable
{
    private readonly NativeDatabase _database = database;

    public rocksdb_snapshot_t* Handle { get; private set; } = rocksdb_create_snapshot(database.Handle);

    public void Dispose()
    {
        if (Handle != null) rocksdb_release_snapshot(_database.Handle, Handle);
        Handle = null;
    }
}
