using System.Collections.Concurrent;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Rqml.Administration;
using Rqml.RealEtcd;

namespace Rqml.Storage.Etcd.Tests.Hosts;

/// <summary>Hosts whose etcd is put back to an earlier state of its own.</summary>
public sealed class RestoredEtcdTests
{
    private const int LimitMs = 120_000;
    private const int TooOld = 5105;
    private const int TrustedAgain = 5106;
    private static readonly TaskClass<double, double> Halves = new("halves");

    [Fact(Timeout = LimitMs)]
    public async Task It_is_refused_until_its_generation_was_raised_and_then_all_go_on_without_a_restart()
    {
        await using var servers = await EtcdServers.StartAsync();
        var (logA, logB) = (new EventIds(), new EventIds());
        using var a = await StartAsync("a", servers.Endpoints, logA);
        await ListsAsync(a, "a");
        await servers.BackUpAsync();
        using var b = await StartAsync("b", servers.Endpoints, logB);
        await ListsAsync(b, "b");
        await ConvergesAsync(a);
        await ConvergesAsync(b);
        var before = await Of(a).ListNodesAsync();

        await servers.RestoreAsync();
        await logA.HasAsync(TooOld);
        await logB.HasAsync(TooOld);
        await ConvergesAsync(b);      // as in an outage: whoever led goes on
        Assert.Equal(before.Term, (await Of(b).ListNodesAsync()).Term);

        Assert.Equal(before.Term.Generation + 1, await Of(b).RaiseGenerationAsync());
        await logA.HasAsync(TrustedAgain);
        await logB.HasAsync(TrustedAgain);
        while ((await Of(a).ListNodesAsync()).Term.Generation == before.Term.Generation) await Task.Delay(20);
        await ListsAsync(b, "a");
        await ListsAsync(a, "b");      // which the backup had never heard of
        await ConvergesAsync(a);
        await ConvergesAsync(b);
        Assert.True((await Of(a).ListNodesAsync()).Term > before.Term);
        await b.StopAsync();
        await a.StopAsync();
    }

    private static IRqmlAdministration Of(IHost host) => host.Services.GetRequiredService<IRqmlAdministration>();

    private static async Task ListsAsync(IHost host, string node)
    {
        while (!(await Of(host).ListNodesAsync()).Nodes.Any(listed => listed.Id.Value == node && listed.Standing == ClusterStanding.Active)) await Task.Delay(20);
    }

    private static async Task ConvergesAsync(IHost host)
    {
        var task = await host.Services.GetRequiredService<IRqmlClient>().SubmitAsync(Halves, 8);
        Assert.Equal(Outcome.Converged, (await task.Completion).Outcome);
    }

    private static async Task<IHost> StartAsync(string node, string endpoints, EventIds logs)
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Logging.AddProvider(logs);
        builder.Services.AddRqml(rqml => rqml
            .AddTaskClass(Halves, halves => halves
                .AddModel("halve", (context, _) => new(context.HasArtifact ? Math.Max(1, context.Artifact / 2) : context.Payload))
                .ConvergeWhenAll(Stability.Over(2)))
            .AddTcp()
            .UseEtcd(endpoints)
            .Configure(options => options.NodeName = node));
        var host = builder.Build();
        await host.StartAsync();
        return host;
    }

    /// <summary>What a host has said so far, by its ids.</summary>
    private sealed class EventIds : ILoggerProvider, ILogger
    {
        private readonly ConcurrentDictionary<int, bool> _said = new();

        public async Task HasAsync(int id)
        {
            while (!_said.ContainsKey(id)) await Task.Delay(20);
        }

        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) => _said[eventId.Id] = true;

        public void Dispose() { }
    }
}
