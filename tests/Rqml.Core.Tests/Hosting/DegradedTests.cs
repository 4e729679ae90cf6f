using System.Collections.Concurrent;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Rqml.Administration;
using Rqml.Cluster;
using Rqml.Hosting;
using Rqml.Nodes;

namespace Rqml.Core.Tests.Hosting;

/// <summary>Hosts of one cluster that lose their coordination store, and whoever led them.</summary>
public sealed class DegradedTests
{
    [Fact]
    public async Task A_host_whose_store_and_leader_are_gone_runs_its_own_new_tasks_and_all_is_settled_once_when_they_are_back()
    {
        await using var store = new OutageStore();
        var (passes, logs) = (new Passes(), new KeptLogs());
        var a = await StartAsync("alone-a", store, passes);
        await TestHost.Until("a leads", () => a.Main.Scheduler!.Machine.IsLeading);
        await using var b = await StartAsync("alone-b", store, passes, logs: logs);
        await TestHost.Until("b has joined", () => b.Main.Node!.Phase == NodePhase.Active);

        store.Break();
        await a.Main.KillAsync();
        var tasks = await TestHost.Step("the submissions", b.Client.SubmitAllAsync(Words.Class, Words.Stream(20)).ToListAsync());
        var keyed = await TestHost.Step("the submission with a key", b.Client.SubmitAsync(Words.Class, "keyed", new SubmitOptions { PartitionKey = "key" }).AsTask());
        var unfinished = await TestHost.Step("the submission that waits", b.Client.SubmitAsync(Words.Class, Passes.Held).AsTask());
        var results = await TestHost.Step("all completions without a leader", Task.WhenAll(tasks.Select(task => task.Completion)));

        Assert.All(results, result => Assert.Equal((Outcome.Converged, "alone-b"), (result.Outcome, result.Node!.Value.Value)));
        await TestStep.Of("the one that waits has begun", passes.HeldEntered);
        Assert.Equal(NodePhase.Degraded, b.Main.Node!.Phase);
        Assert.True(b.Main.Node!.IsAlone);
        await TestHost.Until("b says that it has no store", () => b.Main.StoreLostFor is not null);
        Assert.False(keyed.Completion.IsCompleted);
        Assert.All(passes.Epochs, epoch => Assert.True(epoch.IsSelfAttempt));
        Assert.Equal(passes.Epochs.Count, passes.Epochs.Distinct().Count());

        store.Mend();
        Assert.Equal(Outcome.Converged, (await TestHost.Step("the one with a key", keyed.Completion)).Outcome);
        await TestHost.Until("b is back", () => b.Main.Node!.Phase == NodePhase.Active && b.Main.StoreLostFor is null && !b.Main.Node!.IsAlone);
        passes.Release();
        Assert.Equal(Outcome.Converged, (await TestHost.Step("the one that went on", unfinished.Completion)).Outcome);

        Assert.Equal(20 + 2, passes.Begun.Count);
        Assert.All(passes.Begun, begun => Assert.Equal(1, begun.Value));
        await TestHost.Until("the word of the log", () => logs.Lines.Any(line => line.StartsWith("Information 2214", StringComparison.Ordinal)));
        Assert.Single(logs.Lines, line => line.StartsWith("Warning 2213", StringComparison.Ordinal));
        Assert.Single(logs.Lines, line => line.StartsWith("Warning 5103", StringComparison.Ordinal));
        Assert.Single(logs.Lines, line => line.StartsWith("Information 5104", StringComparison.Ordinal));
        await a.DisposeAsync();
    }

    [Fact]
    public async Task A_host_that_starts_without_store_or_leader_runs_its_tasks_though_it_may_not_schedule()
    {
        await using var store = new OutageStore();
        store.Break();
        var passes = new Passes();
        await using var host = await StartAsync("edge", store, passes, NodeRoles.Client | NodeRoles.Worker);
        var task = await TestHost.Step("the submission", host.Client.SubmitAsync(Words.Class, "a").AsTask());
        Assert.Equal(Outcome.Converged, (await TestHost.Step("completion", task.Completion)).Outcome);
        Assert.Equal(NodePhase.Degraded, host.Main.Node!.Phase);
    }

    [Fact]
    public async Task A_leader_whose_store_is_gone_goes_on_and_gives_a_dead_nodes_tasks_without_a_key_to_others()
    {
        await using var store = new OutageStore();
        var passes = new Passes();
        await using var lead = await StartAsync("goes-on", store, passes, NodeRoles.Client | NodeRoles.Scheduler);
        await TestHost.Until("it leads", () => lead.Main.Scheduler!.Machine.IsLeading);
        var first = await StartAsync("goes-on-a", store, passes, NodeRoles.Worker);
        var held = await TestHost.Step("the submission that waits", lead.Client.SubmitAsync(Words.Class, Passes.Held).AsTask());
        await TestStep.Of("it has begun", passes.HeldEntered);
        await using var second = await StartAsync("goes-on-b", store, passes, NodeRoles.Worker);
        await TestHost.Until("b takes work", () => lead.Main.Scheduler!.GetStatisticsAsync().AsTask().GetAwaiter().GetResult().Nodes.Any(node => node is { Node.Value: "goes-on-b", Standing: ClusterStanding.Active }));

        store.Break();
        await first.Main.KillAsync();
        passes.Release();
        Assert.Equal("goes-on-b", (await TestHost.Step("completion elsewhere", held.Completion)).Node!.Value.Value);
        var later = await TestHost.Step("a submission", lead.Client.SubmitAsync(Words.Class, "later").AsTask());
        Assert.Equal(Outcome.Converged, (await TestHost.Step("completion of a new one", later.Completion)).Outcome);
        await first.DisposeAsync();
    }

    private static Task<TestHost> StartAsync(string node, ICoordinationStore store, Passes passes, NodeRoles roles = NodeRoles.All, KeptLogs? logs = null) => TestHost.StartAsync(
        rqml => rqml.AddInProcess().UseCoordinationStore("outage", _ => store).Roles(roles).AddWords(passes.Refine)
            .Configure(options => (options.NodeName, options.Heartbeat, options.WorkAloneAfter) = (node, TimeSpan.FromMilliseconds(50), TimeSpan.FromSeconds(5))),
        services => services.AddLogging(logging => logging.AddProvider(logs ?? new KeptLogs())));

    /// <summary>A model that counts how often each payload's first iteration is asked for, and holds one payload until it is released.</summary>
    private sealed class Passes
    {
        public const string Held = "held";

        private readonly TaskCompletionSource _entered = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly TaskCompletionSource _released = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public ConcurrentDictionary<string, int> Begun { get; } = new();

        public ConcurrentBag<Epoch> Firsts { get; } = [];

        public IReadOnlyCollection<Epoch> Epochs => [.. Firsts];

        public Task HeldEntered => _entered.Task;

        public void Release() => _released.TrySetResult();

        public async ValueTask<Refinement<string>> Refine(RefinementContext<string, string> context, CancellationToken cancellationToken)
        {
            if (context.Iteration == 1)
            {
                Firsts.Add(context.Attempt.Epoch);
                Begun.AddOrUpdate(context.Payload, 1, (_, before) => before + 1);
            }

            if (context.Payload != Held) return context.Payload;
            _entered.TrySetResult();
            await _released.Task.WaitAsync(cancellationToken);
            return context.Payload;
        }
    }
}
