using RocksDbSharp;

namespace Rqml.Storage.RocksDb.Database;

/// <summary>A value where RocksDB keeps it, valid until disposed: looked into or copied once, never twice.</summary>
internal readonly unsafe ref struct PinnedValue
{
    private readonly IntPtr _slice;

    public PinnedValue(IntPtr slice)
    {
        _slice = slice;
        if (slice == IntPtr.Zero) return;
        var value = Native.Instance.rocksdb_pinnableslice_value(slice, out var length);
        Bytes = new ReadOnlySpan<byte>((void*)value, checked((int)length));
    }

    public bool IsFound => _slice != IntPtr.Zero;

    public ReadOnlySpan<byte> Bytes { get; }

    public void Dispose()
    {
        if (_slice != IntPtr.Zero) Native.Instance.rocksdb_pinnableslice_destroy(_slice);
    }
}
