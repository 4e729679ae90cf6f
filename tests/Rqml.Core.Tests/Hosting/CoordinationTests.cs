using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Rqml.Cluster;
using Rqml.Hosting;
using Rqml.Scheduling;

namespace Rqml.Core.Tests.Hosting;

/// <summary>Two hosts that agree on one scheduler over one coordination store.</summary>
public sealed class CoordinationTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task When_the_leading_host_dies_the_other_takes_over_and_its_tasks_are_settled(bool isKilled)
    {
        await using var store = new InMemoryCoordinationStore();
        var gate = new Gate();
        var a = await StartAsync($"lead-{isKilled}-a", store, gate);
        await TestHost.Until("a leads", () => a.Main.Scheduler!.GetStatisticsAsync().AsTask().GetAwaiter().GetResult().IsActive);      // before b could
        await using var b = await StartAsync($"lead-{isKilled}-b", store, gate);
        var tasks = await TestHost.Step("the submissions", b.Client.SubmitAllAsync(Words.Class, Words.Stream(40)).ToListAsync());
        await TestStep.Of("the first pass", gate.Entered);
        Assert.True((await a.Services.GetRequiredService<IScheduler>().GetStatisticsAsync()).IsActive);

        if (isKilled) await a.Main.KillAsync();
        else await a.DisposeAsync();
        gate.Open();

        var results = await TestHost.Step("all completions", Task.WhenAll(tasks.Select(task => task.Completion)));
        Assert.All(results, result => Assert.Equal(Outcome.Converged, result.Outcome));
        Assert.True((await b.Services.GetRequiredService<IScheduler>().GetStatisticsAsync()).IsActive);
        if (isKilled) await a.DisposeAsync();
    }

    [Fact]
    public async Task A_second_coordination_store_is_refused_and_both_are_named()
    {
        var error = await Assert.ThrowsAsync<InvalidOperationException>(() => TestHost.StartAsync(rqml => rqml
            .UseCoordinationStore("first", _ => new InMemoryCoordinationStore())
            .UseCoordinationStore("second", _ => new InMemoryCoordinationStore())));

        Assert.Contains("'first' was chosen before 'second'", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Added_nodes_follow_whoever_leads()
    {
        await using var store = new InMemoryCoordinationStore();
        await using var host = await StartAsync("with-added", store, null, rqml => rqml.Roles(NodeRoles.Client | NodeRoles.Scheduler).AddNode("with-added-b"));

        var task = await host.Client.SubmitAsync(Words.Class, "a");

        Assert.Equal("with-added-b", (await TestHost.Step("completion", task.Completion)).Node!.Value.Value);
    }

    [Fact]
    public async Task While_the_stores_entry_of_the_leader_is_damaged_tasks_are_taken_and_once_it_is_gone_they_run()
    {
        var key = new CoordinationKeys("rqml").Leader;
        await using var store = new InMemoryCoordinationStore();
        await store.CommitAsync(new CoordinationTransaction([], [new Change.Put(key, new byte[] { 0xFF })]), CancellationToken.None);
        var logs = new KeptLogs();
        await using var host = await StartAsync("damaged", store, null, logs: logs);

        var task = await TestHost.Step("the submission", host.Client.SubmitAsync(Words.Class, "a").AsTask());
        await TestHost.Until("the word of the log", () => logs.Lines.Any(line => line.StartsWith($"Error 5101 '{key}'", StringComparison.Ordinal)));
        Assert.False((await host.Services.GetRequiredService<IScheduler>().GetStatisticsAsync()).IsActive);

        await store.CommitAsync(new CoordinationTransaction([], [new Change.Delete(key)]), CancellationToken.None);
        Assert.Equal(Outcome.Converged, (await TestHost.Step("completion", task.Completion)).Outcome);
        Assert.Single(logs.Lines, line => line.Contains("5101", StringComparison.Ordinal));
    }

    private static Task<TestHost> StartAsync(string node, ICoordinationStore store, Gate? gate, Action<IRqmlBuilder>? more = null, KeptLogs? logs = null) => TestHost.StartAsync(
        rqml =>
        {
            rqml.AddInProcess().UseCoordinationStore("memory", _ => store)
                .AddWords(gate is null ? Words.Echo : gate.Refine)
                .Configure(options => (options.NodeName, options.Heartbeat) = (node, TimeSpan.FromMilliseconds(50)));
            more?.Invoke(rqml);
        },
        services => services.AddLogging(logging => logging.AddProvider(logs ?? new KeptLogs())));
}
