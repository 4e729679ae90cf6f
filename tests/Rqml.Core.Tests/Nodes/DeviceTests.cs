using System.Collections.Concurrent;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using Rqml.Core.Tests.Hosting;
using Rqml.Nodes;

namespace Rqml.Core.Tests.Nodes;

public sealed class DeviceTests
{
    private static readonly TaskClass<int, int> Sum = new("sum");

    [Fact]
    public async Task A_task_moves_from_a_processor_to_a_device_with_its_model()
    {
        var lanes = new ConcurrentBag<(string Model, DeviceLane Lane)>();
        var both = new TaskCompletionSource();
        await using var host = await TestHost.StartAsync(rqml => rqml
            .AddDevices("cuda", lanes: 2)
            .Configure(options => options.Lanes = 1)
            .AddTaskClass(Sum, sum => sum
                .AddModel("small", (context, _) => Step("small", context), tier: 0)
                .AddModel("large", (context, _) => Step("large", context), tier: 1, device: "cuda")
                .ConvergeWhenAll(Stability.Over(2).AtLeast(1.0))
                .AcceptAt(0.5)));

        var tasks = new List<RefinementHandle<int>>();
        for (var i = 0; i < 50; i++) tasks.Add(await host.Client.SubmitAsync(Sum, i));
        foreach (var task in tasks)
        {
            var result = await TestHost.Step("completion", task.Completion);
            Assert.Equal((Outcome.Converged, "large"), (result.Outcome, result.Model));
        }

        Assert.All(lanes, pass => Assert.Equal(pass.Model == "small" ? "cpu" : "cuda", pass.Lane.Device));
        Assert.Equal([0, 1], lanes.Where(pass => pass.Model == "large").Select(pass => pass.Lane.Number).Distinct().Order());

        async ValueTask<Refinement<int>> Step(string model, RefinementContext<int, int> context)
        {
            lanes.Add((model, context.Lane));
            if (lanes.Where(pass => pass.Model == "large").DistinctBy(pass => pass.Lane.Number).Count() == 2) both.TrySetResult();
            if (model == "large") await both.Task;      // the first waits for one on the other lane
            return new Refinement<int>(context.Payload, Confidence: model == "small" ? 0.1 : 0.9);
        }
    }

    [Fact]
    public async Task A_provider_says_at_start_how_many_lanes_there_are()
    {
        await using var host = await TestHost.StartAsync(rqml => rqml
            .AddDevices<TwoCards>().AddDevices<TwoCards>()
            .Configure(options => options.Lanes = 3)
            .AddTaskClass(Sum, sum => sum.AddModel("card", (context, _) => new(context.Payload), device: "card").ConvergeWhenAll(Stability.Over(2).AtLeast(1.0))));

        var task = await host.Client.SubmitAsync(Sum, 1);
        await TestHost.Step("completion", task.Completion);
        var queues = await host.Services.GetRequiredService<INodeOrchestrator>().GetQueuesAsync();
        Assert.Equal(5, queues.Lanes);
    }

    [Theory]
    [InlineData("cpu", 1)]
    [InlineData("CUDA 12", 1)]
    [InlineData("", 1)]
    [InlineData("cuda", 0)]
    [InlineData("cuda", 5_000)]
    public async Task A_kind_or_number_of_lanes_that_no_node_can_have_is_refused(string device, int lanes)
    {
        var error = await Assert.ThrowsAsync<DeviceRefusedException>(() => TestHost.StartAsync(rqml => rqml.AddDevices(device, lanes).AddTaskClass(Sum, sum => sum.AddModel("m", (context, _) => new(1)))));
        Assert.Equal((device, lanes), (error.Device, error.Lanes));
    }

    [Fact]
    public async Task A_node_whose_models_hang_takes_nothing_more_at_the_limit()
    {
        var time = new FakeTimeProvider();
        var hung = new TaskCompletionSource();
        await using var host = await TestHost.StartAsync(
            rqml => rqml
                .Configure(options => (options.Lanes, options.MaxAbandonedWorkers, options.DrainTimeout) = (1, 2, TimeSpan.Zero))
                .AddTaskClass(Sum, sum => sum
                    .AddModel("hangs", async (context, _) =>
                    {
                        await hung.Task;
                        return context.Payload;
                    })
                    .Limit(beatTimeout: TimeSpan.FromMilliseconds(500))),
            services => services.AddSingleton<TimeProvider>(time));
        var node = host.Services.GetRequiredService<INodeOrchestrator>();

        await host.Client.SubmitAsync(Sum, 1);
        await TestHost.Until("the node drains", () =>
        {
            time.Advance(TimeSpan.FromMilliseconds(100));
            return node.Phase == NodePhase.Draining;
        });
        var queues = await node.GetQueuesAsync();
        hung.SetResult();

        Assert.Equal(2, queues.Abandoned);
    }

    private sealed class TwoCards : IDeviceProvider
    {
        public string Device => "card";

        public ValueTask<int> CountLanesAsync(CancellationToken cancellationToken) => new(2);
    }
}
