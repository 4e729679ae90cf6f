using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using Rqml.Administration;
using Rqml.Cluster;
using Rqml.Core.Tests.Hosting;
using Rqml.Hosting;

namespace Rqml.Core.Tests.Administration;

/// <summary>Operators at work, on hosts that agree over one coordination store.</summary>
public sealed class ClusterAdministrationTests
{
    [Fact]
    public async Task Every_host_lists_the_same_nodes_whoever_leads()
    {
        await using var store = new InMemoryCoordinationStore();
        await using var lead = await StartAsync("list-lead", store, rqml => rqml.Roles(NodeRoles.Scheduler));
        await LeadsAsync(lead);
        await using var worker = await StartAsync("list-worker", store, rqml => rqml.Roles(NodeRoles.Worker | NodeRoles.Client).Configure(options => options.Lanes = 3));
        await using var client = await StartAsync("list-client", store, rqml => rqml.Roles(NodeRoles.Client));
        await ActiveAsync(client, "list-worker");

        foreach (var host in new[] { lead, worker, client })
        {
            var view = await TestHost.Step("the list", Of(host).ListNodesAsync());

            Assert.Equal((new NodeId("list-lead"), 1L), (view.Leader, view.Term.Generation));
            Assert.Equal(["list-lead", "list-worker"], view.Nodes.Select(node => node.Id.Value));
            var listed = view.Nodes[1];
            Assert.Equal((NodeRoles.Worker | NodeRoles.Client, ClusterStanding.Active, worker.Main.Self.Incarnation), (listed.Roles, listed.Standing, listed.Incarnation));
            Assert.Equal(3, listed.Load!.Lanes);
            Assert.Equal([new ClassVersion("words", 1)], listed.Classes);
            Assert.StartsWith("inproc://", listed.Endpoints, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_drained_node_ends_empty_while_its_tasks_finish_elsewhere_and_none_is_lost()
    {
        await using var store = new InMemoryCoordinationStore();
        var gate = new Gate();
        await using var lead = await StartAsync("drain-lead", store, rqml => rqml.Roles(NodeRoles.Client | NodeRoles.Scheduler));
        await using var a = await StartAsync("drain-a", store, rqml => rqml.Roles(NodeRoles.Worker).Configure(options => options.Lanes = 2), gate.Refine);
        await using var b = await StartAsync("drain-b", store, rqml => rqml.Roles(NodeRoles.Worker).Configure(options => options.Lanes = 2), gate.Refine);
        await ActiveAsync(lead, "drain-a");
        await ActiveAsync(lead, "drain-b");
        var tasks = await TestHost.Step("the submissions", lead.Client.SubmitAllAsync(Words.Class, Words.Stream(40)).ToListAsync());
        await TestHost.Until("both have work", () => a.Main.Node!.Machine.RunningCount > 0 && b.Main.Node!.Machine.RunningCount > 0);

        var drained = Of(b).DrainAsync(new NodeId("drain-a"));
        await TestHost.Until("a draining", () => a.Main.Node!.Phase == Rqml.Nodes.NodePhase.Draining);
        Assert.False(drained.IsCompleted);      // it still holds what it has begun
        gate.Open();
        await TestStep.Of("the drain", drained);

        Assert.Empty(await a.Main.Node!.GetHeldAsync());
        var results = await TestHost.Step("all completions", Task.WhenAll(tasks.Select(task => task.Completion)));
        Assert.All(results, result => Assert.Equal(Outcome.Converged, result.Outcome));
        Assert.Contains(results, result => result.Node!.Value.Value == "drain-b");
        Assert.Equal(ClusterStanding.Draining, (await Of(lead).ListNodesAsync()).Nodes.Single(node => node.Id.Value == "drain-a").Standing);

        await TestStep.Of("a takes work again", Of(lead).ResumeAsync(new NodeId("drain-a")));
        await TestStep.Of("the other drain", Of(lead).DrainAsync(new NodeId("drain-b")));
        var last = await lead.Client.SubmitAsync(Words.Class, "last");
        Assert.Equal("drain-a", (await TestHost.Step("completion", last.Completion)).Node!.Value.Value);
    }

    [Fact]
    public async Task A_drain_outlives_the_leader_that_it_was_asked_of()
    {
        await using var store = new InMemoryCoordinationStore();
        var gate = new Gate();
        var first = await StartAsync("outlive-first", store, rqml => rqml.Roles(NodeRoles.Scheduler));
        await LeadsAsync(first);
        await using var second = await StartAsync("outlive-second", store, rqml => rqml.Roles(NodeRoles.Scheduler | NodeRoles.Client));
        await using var worker = await StartAsync("outlive-worker", store, rqml => rqml.Roles(NodeRoles.Worker), gate.Refine);
        await ActiveAsync(second, "outlive-worker");
        var task = await second.Client.SubmitAsync(Words.Class, "a");
        await TestStep.Of("the first pass", gate.Entered);

        var drained = Of(worker).DrainAsync(new NodeId("outlive-worker"));
        await TestHost.Until("draining", () => worker.Main.Node!.Phase == Rqml.Nodes.NodePhase.Draining);
        await first.Main.KillAsync();
        await LeadsAsync(second);
        gate.Open();

        await TestStep.Of("the drain", drained);
        Assert.Equal(Outcome.Converged, (await TestHost.Step("completion", task.Completion)).Outcome);
        await first.DisposeAsync();
    }

    [Fact]
    public async Task A_node_that_nobody_knows_and_one_that_goes_while_it_is_drained_are_told_apart()
    {
        await using var store = new InMemoryCoordinationStore();
        var gate = new Gate();
        await using var lead = await StartAsync("gone-lead", store, rqml => rqml.Roles(NodeRoles.Client | NodeRoles.Scheduler));
        var worker = await StartAsync("gone-worker", store, rqml => rqml.Roles(NodeRoles.Worker), gate.Refine);
        await ActiveAsync(lead, "gone-worker");
        await lead.Client.SubmitAsync(Words.Class, "a");
        await TestStep.Of("the first pass", gate.Entered);

        Assert.Equal("nobody", (await TestHost.Step("the refusal", Assert.ThrowsAsync<UnknownNodeException>(() => Of(lead).DrainAsync(new NodeId("nobody"))))).Node.Value);
        await Assert.ThrowsAsync<ArgumentException>(() => Of(lead).DrainAsync(default));
        var drained = Of(lead).DrainAsync(new NodeId("gone-worker"));
        await TestHost.Until("draining", () => worker.Main.Node!.Phase == Rqml.Nodes.NodePhase.Draining);
        await ReportsAsync(lead, "gone-worker", ClusterStanding.Draining);
        await worker.Main.KillAsync();

        Assert.Equal("gone-worker", (await TestHost.Step("its end", Assert.ThrowsAsync<NodeGoneException>(() => drained))).Node.Value);
        await worker.DisposeAsync();
    }

    [Fact]
    public async Task Whoever_waits_no_longer_leaves_the_node_draining()
    {
        await using var store = new InMemoryCoordinationStore();
        var gate = new Gate();
        await using var host = await StartAsync("cancel", store, model: gate.Refine);
        await ActiveAsync(host, "cancel");
        await host.Client.SubmitAsync(Words.Class, "a");
        await TestStep.Of("the first pass", gate.Entered);
        using var patience = new CancellationTokenSource();

        var drained = Of(host).DrainAsync(new NodeId("cancel"), patience.Token);
        await TestHost.Until("draining", () => host.Main.Node!.Phase == Rqml.Nodes.NodePhase.Draining);
        await patience.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => drained);
        Assert.Equal(Rqml.Nodes.NodePhase.Draining, host.Main.Node!.Phase);
        gate.Open();
    }

    [Fact]
    public async Task Where_nobody_leads_it_is_said_after_ten_seconds()
    {
        var time = new FakeTimeProvider();
        await using var store = new InMemoryCoordinationStore(time);
        await using var client = await StartAsync("nobody-leads", store, rqml => rqml.Roles(NodeRoles.Client), time: time);

        var error = await client.Pass("the end of patience", Assert.ThrowsAsync<NoLeaderException>(() => Of(client).ListNodesAsync()));

        Assert.Null(error.Last);
    }

    [Fact]
    public async Task A_task_that_no_node_serves_is_listed_and_can_be_failed_from_elsewhere()
    {
        await using var store = new InMemoryCoordinationStore();
        await using var lead = await StartAsync("fail-lead", store, rqml => rqml.Roles(NodeRoles.Scheduler));
        await using var client = await StartAsync("fail-client", store, rqml => rqml.Roles(NodeRoles.Client));
        var task = await TestHost.Step("the submission", client.Client.SubmitAsync(Words.Class, "a").AsTask());
        await TestHost.Until("the leader has it", () => lead.Main.Scheduler!.Machine.TaskCount == 1);

        var parked = await TestHost.Step("the list", Of(lead).ListParkedAsync());
        Assert.Equal((1, task.Id, ParkedFor.ServingNode), (parked.Total, parked.Tasks[0].Task, parked.Tasks[0].Why));
        await Assert.ThrowsAsync<TaskNotParkedException>(() => Of(lead).ReleaseAsync(task.Id));
        Assert.True(await TestHost.Step("the failure", Of(lead).FailAsync(task.Id, "no such node will come")));

        var result = await TestHost.Step("completion", task.Completion);
        Assert.Equal((Outcome.Failed, "no such node will come"), (result.Outcome, result.Reason));
        await Assert.ThrowsAsync<ArgumentException>(() => Of(lead).FailAsync(task.Id, " "));
    }

    [Fact]
    public async Task A_restored_store_is_refused_until_its_generation_was_raised_and_then_the_cluster_goes_on_in_greater_terms()
    {
        await using var store = new InMemoryCoordinationStore();
        var logs = new KeptLogs();
        await using var lead = await StartAsync("restore-lead", store, rqml => rqml.Roles(NodeRoles.Client | NodeRoles.Scheduler), logs: logs);
        await LeadsAsync(lead);
        var backup = store.TakeBackup();
        await using var worker = await StartAsync("restore-worker", store, rqml => rqml.Roles(NodeRoles.Worker));
        await ActiveAsync(lead, "restore-worker");
        var before = lead.Main.Scheduler!.Machine.Term;

        store.Restore(backup);
        await TestHost.Until("the refusal", () => lead.Main.Leadership!.Refusal is not null);
        await TestHost.Until("its word in the log", () => logs.Lines.Any(line => line.StartsWith("Error 5105", StringComparison.Ordinal)));
        var meanwhile = await lead.Client.SubmitAsync(Words.Class, "meanwhile");
        Assert.Equal(Outcome.Converged, (await TestHost.Step("what runs under the old leader", meanwhile.Completion)).Outcome);      // as in an outage
        Assert.Equal(before, lead.Main.Scheduler!.Machine.Term);

        Assert.Equal(2, await TestHost.Step("the raise", Of(worker).RaiseGenerationAsync()));
        await TestHost.Until("a term of the new generation", () => lead.Main.Scheduler!.Machine is { IsLeading: true, Term.Generation: 2 });
        Assert.Null(lead.Main.Leadership!.Refusal);
        Assert.True(lead.Main.Scheduler!.Machine.Term > before);
        var after = await lead.Client.SubmitAsync(Words.Class, "after");
        Assert.Equal(Outcome.Converged, (await TestHost.Step("what runs under the new leader", after.Completion)).Outcome);
        Assert.Single(logs.Lines, line => line.Contains(" 5105 ", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_host_that_starts_with_a_disk_which_knows_better_refuses_a_restored_store_too()
    {
        await using var store = new InMemoryCoordinationStore();
        var disk = new KeptStore();
        var backup = store.TakeBackup();
        await using (var first = await StartAsync("disk", store, rqml => rqml.UseStore("kept", _ => disk))) await ActiveAsync(first, "disk");
        store.Restore(backup);

        await using var again = await StartAsync("disk", store, rqml => rqml.UseStore("kept", _ => disk));
        await TestHost.Until("the refusal", () => again.Main.Leadership!.Refusal is not null);
        Assert.False(again.Main.Scheduler!.Machine.IsLeading);

        await TestHost.Step("the raise", Of(again).RaiseGenerationAsync());
        await ActiveAsync(again, "disk");
        Assert.Equal(2, again.Main.Scheduler!.Machine.Term.Generation);
    }

    [Fact]
    public async Task Without_a_coordination_store_there_is_no_generation_to_raise_and_the_rest_works()
    {
        await using var host = await TestHost.StartAsync(rqml => rqml.AddWords(Words.Echo).Configure(options => options.NodeName = "alone"));

        Assert.Equal("alone", (await Assert.ThrowsAsync<NoCoordinationStoreException>(() => Of(host).RaiseGenerationAsync())).Node.Value);
        Assert.Equal(NodeRoles.All, Assert.Single((await TestHost.Step("the list", Of(host).ListNodesAsync())).Nodes).Roles);
        await TestStep.Of("the drain", Of(host).DrainAsync(new NodeId("alone")));
        await TestStep.Of("the end of it", Of(host).ResumeAsync(new NodeId("alone")));
    }

    [Fact]
    public async Task A_host_that_has_stopped_says_so()
    {
        await using var host = await TestHost.StartAsync(rqml => rqml.AddWords(Words.Echo).Configure(options => options.NodeName = "stopped"));
        await host.StopAsync();

        await Assert.ThrowsAsync<ShuttingDownException>(() => Of(host).ListNodesAsync());
    }

    private static IRqmlAdministration Of(TestHost host) => host.Services.GetRequiredService<IRqmlAdministration>();

    private static Task LeadsAsync(TestHost host) => TestHost.Until("a leader", () => host.Main.Scheduler!.Machine.IsLeading);

    private static Task ActiveAsync(TestHost host, string node) => ReportsAsync(host, node, ClusterStanding.Active);

    private static async Task ReportsAsync(TestHost host, string node, ClusterStanding standing)
    {
        var limit = System.Diagnostics.Stopwatch.StartNew();
        while (!(await TestHost.Step("the list", Of(host).ListNodesAsync())).Nodes.Any(listed => listed.Id.Value == node && listed.Standing == standing))
        {
            if (limit.Elapsed > TestStep.Limit) throw new TimeoutException($"'{node}' was not {standing} within {TestStep.Limit.TotalSeconds} s.");
            await Task.Yield();
        }
    }

    private static Task<TestHost> StartAsync(
        string node, ICoordinationStore store, Action<IRqmlBuilder>? more = null, Func<RefinementContext<string, string>, CancellationToken, ValueTask<Refinement<string>>>? model = null,
        KeptLogs? logs = null, FakeTimeProvider? time = null) => TestHost.StartAsync(
        rqml =>
        {
            rqml.AddInProcess().UseCoordinationStore("memory", _ => store)
                .AddWords(model ?? Words.Echo)
                .Configure(options => (options.NodeName, options.Heartbeat) = (node, TimeSpan.FromMilliseconds(50)));
            more?.Invoke(rqml);
        },
        services => services.AddLogging(logging => logging.AddProvider(logs ?? new KeptLogs())), time);
}
