using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace Rqml.Core.Tests.Hosting;

/// <summary>What a host said to its operator.</summary>
internal sealed class KeptLogs : ILoggerProvider, ILogger
{
    /// <summary>Level, event id and words of each, in order.</summary>
    public ConcurrentQueue<string> Lines { get; } = new();

    public ILogger CreateLogger(string categoryName) => this;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
        Lines.Enqueue($"{logLevel} {eventId.Id} {formatter(state, exception)}");

    public void Dispose() { }
}
