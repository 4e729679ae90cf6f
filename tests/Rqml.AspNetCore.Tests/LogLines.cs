using Microsoft.Extensions.Logging;

namespace Rqml.AspNetCore.Tests;

/// <summary>What a host says to its operator, in order: the id and the words of each line.</summary>
internal sealed class LogLines(TextWriter? copy = null) : ILoggerProvider, ILogger
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    private readonly List<string> _lines = [];
    private readonly List<(Func<string, bool> IsIt, TaskCompletionSource<string> Came)> _awaited = [];

    public IReadOnlyList<string> Lines
    {
        get
        {
            lock (_lines) return [.. _lines];
        }
    }

    /// <summary>The first line that is it, when it has come.</summary>
    public async Task<string> WaitAsync(string what, Func<string, bool> isIt)
    {
        var came = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_lines)
        {
            if (_lines.FirstOrDefault(isIt) is { } line) return line;
            _awaited.Add((isIt, came));
        }

        try
        {
            return await came.Task.WaitAsync(Limit);
        }
        catch (TimeoutException)
        {
            throw new TimeoutException($"The log does not say {what}:\n{string.Join('\n', Lines)}");
        }
    }

    /// <summary>The first line with this id that names that.</summary>
    public Task<string> WaitAsync(int id, string named) => WaitAsync($"{id} of {named}", line => line.StartsWith($"{id} ", StringComparison.Ordinal) && line.Contains(named, StringComparison.Ordinal));

    public ILogger CreateLogger(string categoryName) => this;

    public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Information;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (IsEnabled(logLevel)) Add($"{eventId.Id} {formatter(state, exception)}");
    }

    public void Add(string line)
    {
        lock (_lines)
        {
            _lines.Add(line);
            copy?.WriteLine(line);
            foreach (var (_, came) in _awaited.Where(awaited => awaited.IsIt(line))) came.TrySetResult(line);
            _awaited.RemoveAll(awaited => awaited.Came.Task.IsCompleted);
        }
    }

    public void Dispose() { }
}
