using System.Runtime.InteropServices;

namespace Rqml.Storage.RocksDb.Database.Native;

/// <summary>Which file RocksDB is loaded from.</summary>
internal static class RocksDbLibrary
{
    /// <summary>The runtime makes <c>librocksdb.so</c>, <c>librocksdb.dylib</c> or <c>rocksdb.dll</c> of it.</summary>
    public const string Name = "rocksdb";

    // The package keeps its build for musl (Alpine) in the same folder as the one for glibc, under a name that no host looks for.
    private const string MuslName = "rocksdb-musl";

    private static readonly Lock Gate = new();
    private static bool _isPrepared;

    /// <summary>To be called before the first function: everything begins with opening a database.</summary>
    public static void Prepare()
    {
        lock (Gate)
        {
            if (!_isPrepared) PrepareLocked();
            _isPrepared = true;
        }
    }

    // A resolver is asked again for every function: only where it is needed. Where nothing can be loaded, the runtime's own error says where it has looked.
    private static void PrepareLocked()
    {
        var assembly = typeof(RocksDbLibrary).Assembly;
        if (!OperatingSystem.IsLinux() || NativeLibrary.TryLoad(Name, assembly, searchPath: null, out _)) return;
        if (!NativeLibrary.TryLoad(MuslName, assembly, searchPath: null, out var musl)) return;
        NativeLibrary.SetDllImportResolver(assembly, (name, _, _) => name == Name ? musl : IntPtr.Zero);
    }
}
