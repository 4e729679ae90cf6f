using Rqml.Storage.RocksDb.Database.Native;
using static Rqml.Storage.RocksDb.Database.Native.RocksDbFunctions;

namespace Rqml.Storage.RocksDb.Database;

/// <summary>A value where RocksDB keeps it, valid until disposed: looked into or copied once, never twice.</summary>
internal readonly unsafe ref struct PinnedValue
{
    private readonly rocksdb_pinnableslice_t* _slice;

    public PinnedValue(rocksdb_pinnableslice_t* slice)
    {
        _slice = slice;
        if (slice == null) return;
        nuint length;
        var value = rocksdb_pinnableslice_value(slice, &length);
        Bytes = new ReadOnlySpan<byte>(value, checked((int)length));
    }

    public bool IsFound => _slice != null;

    public ReadOnlySpan<byte> Bytes { get; }

    public void Dispose()
    {
        if (_slice != null) rocksdb_pinnableslice_destroy(_slice);
    }
}
