using System.Collections.Concurrent;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using Rqml.Core.Tests.Hosting;
using Rqml.Nodes;

namespace Rqml.Core.Tests.Tasks;

/// <summary>Which task runs before which.</summary>
public sealed class OrderTests
{
    [Fact]
    public async Task A_task_does_not_begin_before_its_time_and_holds_up_nobody()
    {
        var time = new FakeTimeProvider();
        var begun = new ConcurrentQueue<string>();
        await using var host = await TestHost.StartAsync(rqml => rqml.AddWords(Note).Configure(options => options.Lanes = 1), time: time);
        var later = await host.Client.SubmitAsync(Words.Class, "later", new SubmitOptions { NotBefore = TimeSpan.FromMinutes(1), Priority = 9 });
        var now = await host.Client.SubmitAsync(Words.Class, "now");

        await TestHost.Step("completion", now.Completion);
        await host.Pass(TimeSpan.FromSeconds(59) - (time.GetUtcNow() - time.Start));
        Assert.DoesNotContain("later", begun);

        await host.Pass(TimeSpan.FromSeconds(2));
        Assert.Equal(Outcome.Converged, (await TestHost.Step("completion of the later", later.Completion)).Outcome);

        ValueTask<Refinement<string>> Note(RefinementContext<string, string> context, CancellationToken cancellationToken)
        {
            begun.Enqueue(context.Payload);
            return Words.Echo(context, cancellationToken);
        }
    }

    [Fact]
    public async Task Tasks_of_one_key_run_one_at_a_time_in_the_order_of_submission_over_all_nodes()
    {
        const int keys = 4;
        var passes = new ConcurrentQueue<int>();
        var running = new int[keys];
        var nodes = new ConcurrentDictionary<string, bool>();
        var overlaps = 0;
        await using var host = await TestHost.StartAsync(rqml => rqml.AddInProcess().AddNode("order-b").AddNode("order-c").AddWords(Note).Configure(options => (options.NodeName, options.Lanes) = ("order-a", 2)));
        var handles = await TestHost.Step("the submissions", host.Client
            .SubmitAllAsync(Words.Class, Words.Stream(80), payload => new SubmitOptions { PartitionKey = $"{int.Parse(payload, null) % keys}" }).ToListAsync());

        var results = await TestHost.Step("all completions", Task.WhenAll(handles.Select(handle => handle.Completion)));

        Assert.All(results, result => Assert.Equal(Outcome.Converged, result.Outcome));
        Assert.Equal(0, overlaps);
        for (var key = 0; key < keys; key++)
        {
            var ofKey = passes.Where(number => number % keys == key).ToArray();
            Assert.Equal(Enumerable.Range(0, 80).Where(number => number % keys == key).SelectMany(number => new[] { number, number }), ofKey);      // two passes each
        }

        async ValueTask<Refinement<string>> Note(RefinementContext<string, string> context, CancellationToken cancellationToken)
        {
            var number = int.Parse(context.Payload, null);
            if (Interlocked.Increment(ref running[number % keys]) > 1) Interlocked.Increment(ref overlaps);
            passes.Enqueue(number);
            await Task.Yield();
            Interlocked.Decrement(ref running[number % keys]);
            return context.Payload;
        }
    }

    [Fact]
    public async Task Higher_priorities_go_first_and_a_running_low_one_gives_its_lane_at_its_boundary()
    {
        var gate = new Gate();
        var passes = new ConcurrentQueue<string>();
        await using var host = await TestHost.StartAsync(rqml => rqml.AddWords(Note).Configure(options => (options.Lanes, options.InboundPerLane) = (1, 64)));
        var tasks = new List<RefinementHandle<string>> { await SubmitAsync(-5) };
        await TestStep.Of("the first pass of the low one", gate.Entered);
        foreach (var priority in (int[])[1, 9, 4]) tasks.Add(await SubmitAsync(priority));
        var node = host.Services.GetRequiredService<INodeOrchestrator>();
        while ((await node.GetQueuesAsync()).Inbound.Waiting < 3) await Task.Yield();

        gate.Open();
        await TestHost.Step("all completions", Task.WhenAll(tasks.Select(task => task.Completion)));

        Assert.Equal(["-5.1", "9.1", "9.2", "4.1", "4.2", "1.1", "1.2", "-5.2"], passes);

        async Task<RefinementHandle<string>> SubmitAsync(int priority) => await host.Client.SubmitAsync(Words.Class, $"{priority}", new SubmitOptions { Priority = priority });

        ValueTask<Refinement<string>> Note(RefinementContext<string, string> context, CancellationToken cancellationToken)
        {
            passes.Enqueue($"{context.Payload}.{context.Iteration}");
            return gate.Refine(context, cancellationToken);
        }
    }
}
