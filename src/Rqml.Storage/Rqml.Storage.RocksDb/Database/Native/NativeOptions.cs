using static Rqml.Storage.RocksDb.Database.Native.RocksDbFunctions;

namespace Rqml.Storage.RocksDb.Database.Native;

/// <summary>Settings of a database or of one of its families, needed until it is open.</summary>
internal sealed unsafe class NativeOptions : IDisposable
{
    public rocksdb_options_t* Handle { get; private set; } = rocksdb_options_create();

    public void Dispose()
    {
        if (Handle != null) rocksdb_options_destroy(Handle);
        Handle = null;
    }
}
