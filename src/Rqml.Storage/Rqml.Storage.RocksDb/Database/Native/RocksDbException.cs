using System.Runtime.InteropServices;
using System.Text;

namespace Rqml.Storage.RocksDb.Database.Native;

/// <summary>What RocksDB says went wrong: its status' name, a colon, and details. <see cref="StoreErrors"/> gives it a name of ours before anybody sees it.</summary>
internal sealed class RocksDbException(string message) : Exception(message)
{
    /// <summary>Throws the message that a function left, and frees it; nothing happens where it left none.</summary>
    public static unsafe void ThrowIf(byte* error)
    {
        if (error != null) Throw(error);
    }

    private static unsafe void Throw(byte* error)
    {
        var message = Encoding.UTF8.GetString(MemoryMarshal.CreateReadOnlySpanFromNullTerminated(error));
        RocksDbFunctions.rocksdb_free(error);
        throw new RocksDbException(message);
    }
}
