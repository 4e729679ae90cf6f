using System.Diagnostics;
using Microsoft.Extensions.Logging;

namespace Rqml.Soak.Cluster;

/// <summary>What a process says to its operator, a line each: when, by the clock of the application's own logs, the event's id, and the words. It goes on where an earlier start left off.</summary>
internal sealed class LineLog(string path) : ILoggerProvider, ILogger
{
    private readonly StreamWriter _file = new(new FileStream(path, FileMode.Append, FileAccess.Write, FileShare.ReadWrite)) { AutoFlush = true };
    private readonly Lock _lock = new();

    public static string PathOf(string folder, string node) => Path.Combine(folder, $"log-{node}");

    /// <summary>How often an event was said in a log.</summary>
    public static int Count(string path, int id)
    {
        if (!File.Exists(path)) return 0;
        using var file = new StreamReader(new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite));
        var count = 0;
        while (file.ReadLine() is { } line)
        {
            if (line.Split(' ') is [_, var said, ..] && said == FormattableString.Invariant($"{id}")) count++;
        }

        return count;
    }

    public ILogger CreateLogger(string categoryName) => this;

    public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Information;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        var line = FormattableString.Invariant($"{Stopwatch.GetTimestamp()} {eventId.Id} {logLevel} {formatter(state, exception)} {exception?.Message}");
        lock (_lock) _file.WriteLine(line.ReplaceLineEndings(" "));
    }

    public void Dispose() => _file.Dispose();
}
