using System.Collections.Concurrent;

namespace Rqml.Core.Tests.Hosting;

public sealed class StopAndStartTests
{
    private static readonly TaskClass<int, int> Long = new("long");

    [Fact]
    public async Task After_an_ordinary_stop_every_task_goes_on_where_it_was_on_whichever_node()
    {
        var stores = new Dictionary<string, KeptStore> { ["a"] = new(), ["b"] = new(), ["c"] = new() };
        var last = new ConcurrentDictionary<TaskId, int>();
        var wellOn = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
        var tasks = new List<TaskId>();
        await using (var host = await TestHost.StartAsync(rqml => Configure(rqml, stores, RunOn)))
        {
            for (var i = 0; i < 12; i++) tasks.Add((await host.Client.SubmitAsync(Long, i)).Id);
            await TestHost.Step("three tasks at iteration 20", wellOn.Task);
        }

        var first = new ConcurrentDictionary<TaskId, int>();
        await using var again = await TestHost.StartAsync(rqml => Configure(rqml, stores, Finish));
        foreach (var task in tasks) await TestHost.Step("completion", (await again.Client.AttachAsync(Long, task)).Completion);

        Assert.True(last.Count >= 3, "Fewer than three nodes were at work.");
        foreach (var (task, iteration) in last) Assert.True(iteration + 1 == first[task], $"{task} had made iteration {iteration}, and went on with {first[task]}.");

        // Never alike, so that nothing ends by itself.
        async ValueTask<Refinement<int>> RunOn(RefinementContext<int, int> context, CancellationToken cancellationToken)
        {
            await Task.Yield();
            last[context.Attempt.Task] = context.Iteration;
            if (last.Values.Count(iteration => iteration >= 20) >= 3) wellOn.TrySetResult(true);
            return context.Iteration;
        }

        ValueTask<Refinement<int>> Finish(RefinementContext<int, int> context, CancellationToken cancellationToken)
        {
            first.TryAdd(context.Attempt.Task, context.Iteration);
            return new(-1);
        }
    }

    private static void Configure(IRqmlBuilder rqml, Dictionary<string, KeptStore> stores, Func<RefinementContext<int, int>, CancellationToken, ValueTask<Refinement<int>>> refine) => rqml
        .Configure(options => (options.NodeName, options.Lanes, options.DrainTimeout) = ("a", 1, TimeSpan.FromSeconds(30)))
        .UseStore("kept", _ => stores["a"])
        .AddNode("b", node => node.UseStore("kept", _ => stores["b"]))
        .AddNode("c", node => node.UseStore("kept", _ => stores["c"]))
        .AddTaskClass(Long, @long => @long.AddModel("long", refine).ConvergeWhenAll(Stability.Over(2).AtLeast(1.0)).Limit(iterations: 1_000_000));
}
