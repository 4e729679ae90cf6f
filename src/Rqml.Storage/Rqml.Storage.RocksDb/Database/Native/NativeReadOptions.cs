using static Rqml.Storage.RocksDb.Database.Native.RocksDbFunctions;

namespace Rqml.Storage.RocksDb.Database.Native;

/// <summary>How to read: at a snapshot, which must outlive this, or the newest.</summary>
internal sealed unsafe class NativeReadOptions : IDisposable
{
    public NativeReadOptions(NativeSnapshot? snapshot = null)
    {
        if (snapshot is not null) rocksdb_readoptions_set_snapshot(Handle, snapshot.Handle);
    }

    public rocksdb_readoptions_t* Handle { get; private set; } = rocksdb_readoptions_create();

    /// <summary>Iterators end before this key. It is not copied: it must stay where it is until they are gone.</summary>
    public void EndBefore(byte* key, int length) => rocksdb_readoptions_set_iterate_upper_bound(Handle, key, (nuint)length);

    public void Dispose()
    {
        if (Handle != null) rocksdb_readoptions_destroy(Handle);
        Handle = null;
    }
}
