using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
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
        var a = await StartAsync($"lead-{isKilled}-a", store, gate.Refine);
        await TestHost.Until("a leads", () => Leads(a));      // before b could
        await using var b = await StartAsync($"lead-{isKilled}-b", store, gate.Refine);
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
    public async Task A_standby_that_only_schedules_sees_the_leader_die_before_its_lease_runs_out()
    {
        await using var store = new InMemoryCoordinationStore(new FakeTimeProvider());      // by its clock no lease ever runs out
        await using var a = await StartAsync("standby-a", store, null, rqml => rqml.Roles(NodeRoles.Scheduler));
        await TestHost.Until("a leads", () => Leads(a));
        await using var b = await StartAsync("standby-b", store, null, rqml => rqml.Roles(NodeRoles.Scheduler));

        await a.Main.KillAsync();

        await TestHost.Until("b leads", () => Leads(b));
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
    public async Task The_task_of_a_node_that_is_killed_goes_on_elsewhere_at_the_iteration_that_was_copied_last()
    {
        await using var store = new InMemoryCoordinationStore();
        var (keys, counted) = (new CoordinationKeys("rqml"), new Counted());
        await using var lead = await StartAsync("copies-lead", store, null, rqml => rqml.Roles(NodeRoles.Client | NodeRoles.Scheduler));
        var first = await StartAsync("copies-a", store, counted.Refine, rqml => rqml.Roles(NodeRoles.Worker));
        var task = await TestHost.Step("the submission", lead.Client.SubmitAsync(Words.Class, "a").AsTask());
        await TestHost.Until("its copy", () => store.ReadAsync(keys.Checkpoint(task.Id), CancellationToken.None).AsTask().GetAwaiter().GetResult().Entries.Count > 0);

        await first.Main.KillAsync();
        counted.Forget();
        await using var second = await StartAsync("copies-b", store, counted.Refine, rqml => rqml.Roles(NodeRoles.Worker));
        await TestStep.Of("a pass elsewhere", counted.Entered);

        Assert.InRange(counted.First, 2, int.MaxValue);
        counted.Converge();
        var result = await TestHost.Step("completion", task.Completion);
        Assert.Equal(("copies-b", Outcome.Converged), (result.Node!.Value.Value, result.Outcome));
        await TestHost.Until("no copy", () => store.ReadAsync(keys.Checkpoints, CancellationToken.None).AsTask().GetAwaiter().GetResult().Entries.Count == 0);
        await first.DisposeAsync();
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

    private static bool Leads(TestHost host) => host.Main.Scheduler!.GetStatisticsAsync().AsTask().GetAwaiter().GetResult().IsActive;

    private static Task<TestHost> StartAsync(string node, ICoordinationStore store, Func<RefinementContext<string, string>, CancellationToken, ValueTask<Refinement<string>>>? model, Action<IRqmlBuilder>? more = null, KeptLogs? logs = null) => TestHost.StartAsync(
        rqml =>
        {
            rqml.AddInProcess().UseCoordinationStore("memory", _ => store)
                .AddWords(model ?? Words.Echo, words => words.Limit(iterations: 1_000_000))
                .Configure(options => (options.NodeName, options.Heartbeat) = (node, TimeSpan.FromMilliseconds(50)));
            more?.Invoke(rqml);
        },
        services => services.AddLogging(logging => logging.AddProvider(logs ?? new KeptLogs())));

    /// <summary>A model that makes something else in each iteration, until it is told to converge.</summary>
    private sealed class Counted
    {
        private TaskCompletionSource _entered = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private volatile bool _converges;
        private int _first;

        public Task Entered => _entered.Task;

        /// <summary>The first iteration that it was asked for.</summary>
        public int First => Volatile.Read(ref _first);

        public void Converge() => _converges = true;

        public void Forget() => (_entered, _first) = (new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously), 0);

        public async ValueTask<Refinement<string>> Refine(RefinementContext<string, string> context, CancellationToken cancellationToken)
        {
            Interlocked.CompareExchange(ref _first, context.Iteration, 0);
            _entered.TrySetResult();
            await Task.Delay(1, cancellationToken);
            return _converges ? "end" : $"{context.Iteration}";
        }
    }
}
