using static Rqml.Storage.RocksDb.Database.Native.RocksDbFunctions;

namespace Rqml.Storage.RocksDb.Database.Native;

/// <summary>A share of a cache of recently read blocks. The tables that were set up with it hold shares of their own: this one is needed until the database is open.</summary>
internal sealed unsafe class NativeCache(long bytes) : IDisposable
{
    public rocksdb_cache_t* Handle { get; private set; } = rocksdb_cache_create_lru((nuint)bytes);

    public void Dispose()
    {
        if (Handle != null) rocksdb_cache_destroy(Handle);
        Handle = null;
    }
}
