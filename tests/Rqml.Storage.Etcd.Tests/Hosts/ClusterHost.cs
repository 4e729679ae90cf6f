using System.Collections.Concurrent;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Rqml.Scheduling;

namespace Rqml.Storage.Etcd.Tests.Hosts;

/// <summary>A host of a cluster over a real etcd, with what it said to its operator.</summary>
internal sealed class ClusterHost : IAsyncDisposable
{
    public static readonly TaskClass<double, double> Halves = new("halves");

    private readonly IHost _host;
    private readonly KeptLog _log;

    private ClusterHost(IHost host, KeptLog log) => (_host, _log) = (host, log);

    public IRqmlClient Client => _host.Services.GetRequiredService<IRqmlClient>();

    /// <summary>Level, event id and words of each line, with the error if there was one.</summary>
    public IReadOnlyCollection<string> Lines => _log.Lines;

    public static async Task<ClusterHost> StartAsync(string node, string endpoints, Action<IRqmlBuilder>? more = null, TimeProvider? time = null)
    {
        var (log, builder) = (new KeptLog(), Host.CreateEmptyApplicationBuilder(null));
        if (time is not null) builder.Services.AddSingleton(time);
        builder.Logging.AddProvider(log);
        builder.Services.AddRqml(rqml =>
        {
            rqml.AddTcp().UseEtcd(endpoints).Configure(options => options.NodeName = node);
            if (more is null) rqml.AddTaskClass(Halves, HalfUntilOne);
            else more(rqml);
        });
        var host = builder.Build();
        await host.StartAsync();
        return new ClusterHost(host, log);
    }

    public static void HalfUntilOne(TaskClassBuilder<double, double> halves) => halves
        .AddModel("halve", (context, _) => new(context.HasArtifact ? Math.Max(1, context.Artifact / 2) : context.Payload))
        .ConvergeWhenAll(Stability.Over(2));

    public async Task<RefinementResult<double>> ConvergesAsync()
    {
        var result = await (await Client.SubmitAsync(Halves, 8)).Completion;
        Assert.Equal(Outcome.Converged, result.Outcome);
        return result;
    }

    public async Task<bool> LeadsAsync() => (await _host.Services.GetRequiredService<IScheduler>().GetStatisticsAsync()).IsActive;

    public Task UntilLeadsAsync() => UntilAsync(LeadsAsync);

    public Task UntilSaidAsync(string line) => UntilAsync(() => Task.FromResult(Said(line) > 0));

    /// <summary>How many lines have these words in them.</summary>
    public int Said(string line) => Lines.Count(said => said.Contains(line, StringComparison.Ordinal));

    /// <summary>Nothing tells from outside when it holds; the test's own limit ends the wait.</summary>
    public static async Task UntilAsync(Func<Task<bool>> holds)
    {
        while (!await holds()) await Task.Delay(20);
    }

    public async ValueTask DisposeAsync()
    {
        await _host.StopAsync();
        _host.Dispose();
    }

    private sealed class KeptLog : ILoggerProvider, ILogger
    {
        public ConcurrentQueue<string> Lines { get; } = new();

        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Information;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            Lines.Enqueue($"{logLevel} {eventId.Id} {formatter(state, exception)} {exception?.GetType().Name} {exception?.Message}");

        public void Dispose() { }
    }
}
