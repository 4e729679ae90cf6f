namespace Rqml.Storage.RocksDb.Durability;

/// <summary>The files of a store and the lock that keeps everybody else out of them.</summary>
/// <remarks><c>LOCK</c>, <c>highwater</c>, <c>db/</c> (RocksDB) and <c>segments/</c> (large artifacts).</remarks>
internal sealed class StoreFolder : IDisposable
{
    private readonly FileStream _lock;

    private StoreFolder(string path, FileStream lockFile)
    {
        Path = path;
        _lock = lockFile;
    }

    public string Path { get; }

    public string Mark => System.IO.Path.Combine(Path, "highwater");

    public string Database => System.IO.Path.Combine(Path, "db");

    public string Segments => System.IO.Path.Combine(Path, "segments");

    /// <summary>Creates the folder where there is none, and locks it.</summary>
    /// <exception cref="StoreInUseException">Somebody else holds it.</exception>
    /// <exception cref="StoreFailedException">It cannot be created or written to.</exception>
    public static StoreFolder Lock(string path, string store)
    {
        try
        {
            Directory.CreateDirectory(path);
            return new StoreFolder(path, new FileStream(System.IO.Path.Combine(path, "LOCK"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None));
        }
        catch (IOException error) when (StoreErrors.IsSharingViolation(error))
        {
            throw new StoreInUseException(store, error);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new StoreFailedException(store, error.Message, error);
        }
    }

    /// <summary>Whether there is anything that a store has written, the mark aside.</summary>
    public bool HasData() => HasFiles(Database) || HasFiles(Segments);

    /// <summary>Removes what a creation left behind that never finished. Only for a store that has acknowledged nothing.</summary>
    public void Wipe()
    {
        if (Directory.Exists(Database)) Directory.Delete(Database, recursive: true);
        if (Directory.Exists(Segments)) Directory.Delete(Segments, recursive: true);
    }

    /// <summary>Creates the folders below and makes their names durable.</summary>
    public void CreateSubfolders()
    {
        Directory.CreateDirectory(Database);
        Directory.CreateDirectory(Segments);
        DiskSync.FlushFolder(Path);
        if (Directory.GetParent(Path) is { } parent) DiskSync.FlushFolder(parent.FullName);
    }

    public void Dispose() => _lock.Dispose();

    private static bool HasFiles(string folder) => Directory.Exists(folder) && Directory.EnumerateFileSystemEntries(folder).Any();
}
