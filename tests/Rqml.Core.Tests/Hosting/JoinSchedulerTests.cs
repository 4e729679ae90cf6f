using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Rqml.Hosting;
using Rqml.Scheduling;

namespace Rqml.Core.Tests.Hosting;

/// <summary>Two hosts of one process, one of which schedules for both. Node names are unique in a process, so each test has its own.</summary>
public sealed class JoinSchedulerTests
{
    [Fact]
    public async Task Tasks_submitted_where_nobody_schedules_run_at_either_host()
    {
        await using var a = await StartAsync("join-a", rqml => rqml.AddInProcess());
        await using var b = await StartAsync("join-b", rqml => rqml.JoinScheduler("inproc://join-a"));
        await BothRegisteredAsync(a);

        var handles = await TestHost.Step("the submissions", b.Client.SubmitAllAsync(Words.Class, Words.Stream(500)).ToListAsync());
        var results = await TestHost.Step("all completions", Task.WhenAll(handles.Select(handle => handle.Completion)));

        Assert.All(results, result => Assert.Equal(Outcome.Converged, result.Outcome));
        Assert.Equal(["join-a", "join-b"], results.Select(result => result.Node!.Value.Value).Distinct().Order());
        Assert.Null(b.Services.GetRequiredService<RqmlHost>().Main.Scheduler);
    }

    [Fact]
    public async Task A_host_that_only_submits_has_its_tasks_run_by_the_other()
    {
        await using var a = await StartAsync("client-a", rqml => rqml.AddInProcess());
        await using var b = await StartAsync("client-b", rqml => rqml.JoinScheduler("inproc://client-a").Roles(NodeRoles.Client));

        var task = await b.Client.SubmitAsync(Words.Class, "a");
        var result = await TestHost.Step("completion", task.Completion);

        Assert.Equal("client-a", result.Node!.Value.Value);
    }

    [Fact]
    public async Task A_node_that_is_called_scheduler_joins_as_any_other()
    {
        await using var a = await StartAsync("named-a", rqml => rqml.AddInProcess());
        await using var b = await StartAsync("scheduler", rqml => rqml.JoinScheduler("inproc://named-a"));

        var task = await b.Client.SubmitAsync(Words.Class, "a");

        Assert.Equal("a", (await TestHost.Step("completion", task.Completion)).Artifact);
    }

    [Fact]
    public async Task Who_joins_before_the_scheduler_is_there_keeps_trying_and_works_when_it_comes()
    {
        await using var b = await StartAsync("early-b", rqml => rqml.JoinScheduler("inproc://early-a"));
        var task = await b.Client.SubmitAsync(Words.Class, "a");
        Assert.Equal(RefinementState.Submitted, (await task.GetStatusAsync()).State);

        await using var a = await StartAsync("early-a", rqml => rqml.AddInProcess());

        Assert.Equal("a", (await TestHost.Step("completion", task.Completion)).Artifact);
    }

    [Theory]
    [InlineData(false, NodeRoles.Client | NodeRoles.Worker)]
    [InlineData(true, NodeRoles.Client | NodeRoles.Worker)]
    [InlineData(false, NodeRoles.Client)]
    [InlineData(true, NodeRoles.Client)]
    public async Task When_the_schedulers_host_restarts_open_tasks_and_new_ones_go_on(bool isDurable, NodeRoles roles)
    {
        var name = $"restart-{isDurable}-{(int)roles}";
        var store = new KeptStore();
        var gate = new Gate();
        var a = await StartAsync($"{name}-a", Scheduling, gate);
        await using var b = await StartAsync($"{name}-b", rqml => rqml.JoinScheduler($"inproc://{name}-a").Roles(roles), gate);
        var before = await b.Client.SubmitAsync(Words.Class, "before");
        await TestStep.Of("the first pass", gate.Entered);

        await a.DisposeAsync();
        var between = await b.Client.SubmitAsync(Words.Class, "between");
        await using var again = await StartAsync($"{name}-a", Scheduling, gate);
        gate.Open();
        var after = await b.Client.SubmitAsync(Words.Class, "after");

        var results = await TestHost.Step("all completions", Task.WhenAll(before.Completion, between.Completion, after.Completion));
        Assert.Equal(["before", "between", "after"], results.Select(result => result.Artifact));

        void Scheduling(IRqmlBuilder rqml)
        {
            rqml.AddInProcess().AddInProcess();      // twice is harmless
            if (isDurable) rqml.UseStore("kept", _ => store);
        }
    }

    [Fact]
    public async Task What_cannot_be_joined_is_named_at_the_start()
    {
        var error = await Assert.ThrowsAsync<OptionsValidationException>(() => StartAsync("self", rqml => rqml.JoinScheduler("inproc://self").UseCoordinationStore("x", _ => null!)));
        Assert.Contains("'inproc://self', which is this node itself", error.Message, StringComparison.Ordinal);
        Assert.Contains("JoinScheduler and UseCoordinationStore exclude one another", error.Message, StringComparison.Ordinal);

        error = await Assert.ThrowsAsync<OptionsValidationException>(() => StartAsync("far", rqml => rqml.JoinScheduler("carrier-pigeon://a")));
        Assert.Contains("no transport of this host serves 'carrier-pigeon'", error.Message, StringComparison.Ordinal);

        error = await Assert.ThrowsAsync<OptionsValidationException>(() => StartAsync("nobody", rqml => rqml.Roles(NodeRoles.Client | NodeRoles.Worker)));
        Assert.Contains("Roles leaves out Scheduler", error.Message, StringComparison.Ordinal);
    }

    private static Task<TestHost> StartAsync(string node, Action<IRqmlBuilder> configure, Gate? gate = null) => TestHost.StartAsync(rqml =>
    {
        rqml.AddWords(gate is null ? Words.Echo : gate.Refine).Configure(options => (options.NodeName, options.Heartbeat) = (node, TimeSpan.FromMilliseconds(50)));
        configure(rqml);
    });

    private static async Task BothRegisteredAsync(TestHost scheduling)
    {
        var scheduler = scheduling.Services.GetRequiredService<IScheduler>();
        var limit = System.Diagnostics.Stopwatch.StartNew();
        while ((await scheduler.GetStatisticsAsync()).Nodes.Count(node => node.Weight.Value > 0) < 2)
        {
            if (limit.Elapsed > TestStep.Limit) throw new TimeoutException("The second node did not register.");
            await Task.Yield();
        }
    }
}
