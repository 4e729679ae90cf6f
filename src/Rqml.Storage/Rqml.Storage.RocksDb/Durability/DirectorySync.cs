using System.ComponentModel;
using System.Runtime.InteropServices;

namespace Rqml.Storage.RocksDb.Durability;

/// <summary>Makes the names in a folder durable: a new file is not there after a power cut until its folder has been synced too.</summary>
/// <remarks>.NET has no call for it. On Windows NTFS journals names by itself.</remarks>
internal static partial class DirectorySync
{
    private const int ReadOnly = 0;     // O_RDONLY, the same on Linux and macOS

    public static void Flush(string folder)
    {
        if (OperatingSystem.IsWindows()) return;
        var descriptor = Open(folder, ReadOnly);
        if (descriptor < 0) throw Failed("open", folder);
        try
        {
            if (Sync(descriptor) != 0) throw Failed("fsync", folder);
        }
        finally
        {
            _ = Close(descriptor);
        }
    }

    private static IOException Failed(string call, string folder)
    {
        var cause = new Win32Exception(Marshal.GetLastPInvokeError());
        return new IOException($"{call} of the folder '{folder}' failed: {cause.Message}", cause);
    }

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int Sync(int descriptor);

    [LibraryImport("libc", EntryPoint = "close", SetLastError = true)]
    private static partial int Close(int descriptor);
}
