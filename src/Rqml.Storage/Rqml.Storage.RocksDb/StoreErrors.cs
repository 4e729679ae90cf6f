using Rqml.Storage.RocksDb.Database.Native;

namespace Rqml.Storage.RocksDb;

/// <summary>Turns what RocksDB and the file system throw into the store's own errors.</summary>
internal static class StoreErrors
{
    /// <summary>An error met while reading or opening: damage and disk faults are told apart.</summary>
    public static RqmlException OfReading(string store, Exception error) => error switch
    {
        RqmlException known => known,
        RocksDbException rocks => OfRocksReading(store, rocks),
        FileNotFoundException or DirectoryNotFoundException => new StoreCorruptException(store, $"a file is missing ({error.Message})", error),
        _ => new StoreFailedException(store, error.Message, error),
    };

    /// <summary>An error met while writing: whatever it is, the store stops.</summary>
    public static StoreFailedException OfWriting(string store, Exception error) => new(store, error.Message, error);

    /// <summary>Whether a file is refused because somebody else holds it.</summary>
    public static bool IsSharingViolation(IOException error) =>
        error.HResult is 11 /* EWOULDBLOCK, Linux */ or 35 /* the same, macOS */ or unchecked((int)0x80070020) /* Windows */;

    // RocksDB has no error codes in its C interface: the status' name begins the message.
    private static RqmlException OfRocksReading(string store, RocksDbException error)
    {
        var message = error.Message;
        var isLock = message.Contains("LOCK", StringComparison.Ordinal) && message.Contains("lock", StringComparison.Ordinal);
        if (message.StartsWith("IO error", StringComparison.Ordinal) && isLock) return new StoreInUseException(store, error);

        // A file that the database names and does not have, or which ends early, is damage; other input/output errors are the disk's.
        var isDisk = message.StartsWith("IO error", StringComparison.Ordinal) || message.StartsWith("No space", StringComparison.Ordinal);
        var isMissing = message.Contains("No such file", StringComparison.Ordinal) || message.Contains("PathNotFound", StringComparison.Ordinal)
            || message.Contains("truncated", StringComparison.OrdinalIgnoreCase) || message.Contains("past the end", StringComparison.OrdinalIgnoreCase);
        return isDisk && !isMissing ? new StoreFailedException(store, message, error) : new StoreCorruptException(store, message, error);
    }
}
