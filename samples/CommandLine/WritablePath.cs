namespace CommandLine;

/// <summary>Paths of a command line that something is to be written to: what is wrong with them is better said now than at the end of a run.</summary>
internal static class WritablePath
{
    /// <summary>A file that can be written. Leaves what is there as it is.</summary>
    /// <exception cref="FormatException">It cannot; the message says why.</exception>
    public static string File(string option, string path)
    {
        try
        {
            var isNew = !System.IO.File.Exists(path);
            System.IO.File.Open(path, FileMode.OpenOrCreate, FileAccess.Write).Dispose();
            if (isNew) System.IO.File.Delete(path);
            return path;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new FormatException($"{option} is '{path}', which cannot be written: {error.Message}", error);
        }
    }

    /// <summary>The name of a folder, there or not: whoever uses it makes it. No name at all would stand for the current folder.</summary>
    /// <exception cref="FormatException">It is blank.</exception>
    public static string Folder(string option, string path) =>
        string.IsNullOrWhiteSpace(path) ? throw new FormatException($"{option} is '{path}'; it takes a folder.") : path;
}
