using System.Text;
using Rqml;

namespace Quickstart;

/// <summary>
/// What the application saw, on disk before it goes on: each model call with its attempt, and each completion. Whoever kills this program reads here, and not
/// in Rqml's own counters, whether anything was lost or done twice.
/// </summary>
public sealed class Journal : IDisposable
{
    private readonly Lock _lock = new();
    private readonly FileStream _calls;
    private readonly FileStream _completions;

    public Journal(string folder)
    {
        Directory.CreateDirectory(folder);
        _calls = Open(Path.Combine(folder, "calls"));
        _completions = Open(Path.Combine(folder, "completions"));
    }

    public void Called(Attempt attempt, int iteration) => Write(_calls, $"{DateTime.UtcNow:O} {attempt} {iteration}");

    public void Completed(int number, string settlement) => Write(_completions, $"{DateTime.UtcNow:O} {number} {settlement}");

    public void Dispose()
    {
        _calls.Dispose();
        _completions.Dispose();
    }

    private static FileStream Open(string path) => new(path, FileMode.Append, FileAccess.Write, FileShare.Read);

    private void Write(FileStream file, string line)
    {
        lock (_lock)
        {
            file.Write(Encoding.UTF8.GetBytes(line + "\n"));
            file.Flush(flushToDisk: true);
        }
    }
}
