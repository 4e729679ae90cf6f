using System.ComponentModel;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Rqml.Storage.RocksDb.Durability;

/// <summary>Waits until a file's content, or the names in a folder, are on disk, and throws where the disk says that they are not.</summary>
/// <remarks>
/// Not <see cref="RandomAccess.FlushToDisk"/> on Unix: in .NET 10 it reports no error. Its native part answers a failed fsync with 1 where the
/// managed part looks for less than 0 (10.0.12, seen by injecting EIO). And .NET opens no folders. On Windows NTFS journals names by itself.
/// </remarks>
internal static unsafe partial class DiskSync
{
    private const int ReadOnly = 0;         // O_RDONLY, and EINTR below: the same on Linux and macOS
    private const int Interrupted = 4;

    // Looked up as the process would, not in libc itself, so that a preloaded library stands in between: the tests' failing disk does.
    private static readonly delegate* unmanaged<int, int> Sync = OperatingSystem.IsWindows()
        ? null
        : (delegate* unmanaged<int, int>)NativeLibrary.GetExport(NativeLibrary.GetMainProgramHandle(), "fsync");

    /// <exception cref="IOException">The disk did not confirm. What it holds is unknown; syncing again would prove nothing.</exception>
    public static void Flush(SafeFileHandle file)
    {
        // On macOS only this asks the drive itself (F_FULLFSYNC); fsync then tells whether there was an error.
        if (!OperatingSystem.IsLinux()) RandomAccess.FlushToDisk(file);
        if (!OperatingSystem.IsWindows()) FlushDescriptor(file);
    }

    /// <summary>A new file is not there after a power cut until its folder has been synced too.</summary>
    /// <exception cref="IOException">The disk did not confirm.</exception>
    public static void FlushFolder(string folder)
    {
        if (OperatingSystem.IsWindows()) return;
        var descriptor = Open(folder, ReadOnly);
        if (descriptor < 0) throw Failed($"The folder '{folder}' could not be opened for syncing", Marshal.GetLastPInvokeError());
        using var handle = new SafeFileHandle(descriptor, ownsHandle: true);
        FlushDescriptor(handle);
    }

    private static void FlushDescriptor(SafeFileHandle file)
    {
        var isHeld = false;
        try
        {
            file.DangerousAddRef(ref isHeld);
            int error;
            do
            {
                if (Sync((int)file.DangerousGetHandle()) == 0) return;
                error = Marshal.GetLastSystemError();
            }
            while (error == Interrupted);
            throw Failed("fsync failed", error);
        }
        finally
        {
            if (isHeld) file.DangerousRelease();
        }
    }

    private static IOException Failed(string what, int error)
    {
        var cause = new Win32Exception(error);
        return new IOException($"{what}: {cause.Message}", cause);
    }

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);
}
