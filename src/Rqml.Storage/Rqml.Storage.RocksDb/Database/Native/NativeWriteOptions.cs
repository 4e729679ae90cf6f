using static Rqml.Storage.RocksDb.Database.Native.RocksDbFunctions;

namespace Rqml.Storage.RocksDb.Database.Native;

/// <summary>How to write: waiting for the disk or not.</summary>
internal sealed unsafe class NativeWriteOptions : IDisposable
{
    private NativeWriteOptions(byte sync) => rocksdb_writeoptions_set_sync(Handle, sync);

    public rocksdb_writeoptions_t* Handle { get; private set; } = rocksdb_writeoptions_create();

    public static NativeWriteOptions Synced() => new(sync: 1);

    public static NativeWriteOptions Unsynced() => new(sync: 0);

    public void Dispose()
    {
        if (Handle != null) rocksdb_writeoptions_destroy(Handle);
        Handle = null;
    }
}
