using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using Rqml.Checkpoints;
using Rqml.Core.Tests.Hosting;

namespace Rqml.Core.Tests.Nodes;

/// <summary>A model that was given up may come back at any time: nobody waits for it, and nothing of it counts.</summary>
public sealed class LateReturnTests
{
    private const int Parked = 12;
    private static readonly TaskClass<int, int> Count = new("count");

    [Fact]
    public async Task What_a_model_that_was_given_up_returns_later_is_no_checkpoint()
    {
        var time = new FakeTimeProvider();
        var (hung, again, parked, back) = (new Signal(), new Signal(), new Signal(), new Signal());
        var (letHung, letParked) = (new Signal(), new Signal());
        var hangs = 0;
        await using var host = await TestHost.StartAsync(
            rqml => rqml
                .Configure(options => options.Lanes = 1)
                .UseStore("kept", _ => new KeptStore())
                .AddTaskClass(Count, count => count.AddModel("count", RefineAsync).Limit(iterations: Parked + 2, beatTimeout: TimeSpan.FromMilliseconds(500))),
            time: time);
        var checkpoints = host.Services.GetRequiredService<ICheckpointStore>();

        var task = await host.Client.SubmitAsync(Count, 0);
        await TestStep.Of("the pass that hangs", hung.Task);
        await host.Pass("the next run", again.Task);      // no longer than that, and by small steps: that run has a watchdog too
        await TestStep.Of("the next run at its last iteration but one", parked.Task);
        letHung.Set();
        await TestStep.Of("the late return", back.Task);
        await TestHost.Until("the checkpoint before", () => checkpoints.Read(task.Id).Any(checkpoint => checkpoint.Iteration == Parked));

        var iterations = checkpoints.Read(task.Id).Select(checkpoint => checkpoint.Iteration).ToArray();
        Assert.Equal(iterations.Order(), iterations);
        letParked.Set();
        Assert.Equal(Parked + 2, (await TestHost.Step("completion", task.Completion)).Artifact);

        async ValueTask<Refinement<int>> RefineAsync(RefinementContext<int, int> context, CancellationToken cancellationToken)
        {
            if (context.Iteration == 3 && Interlocked.Increment(ref hangs) == 1)
            {
                hung.Set();
                await letHung.Task;
                back.Set();
            }

            if (context.Iteration == 3) again.Set();
            if (context.Iteration == Parked + 1)
            {
                parked.Set();
                await letParked.Task;
            }

            return context.Artifact + 1;
        }
    }

    private sealed class Signal
    {
        private readonly TaskCompletionSource _set = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Task => _set.Task;

        public void Set() => _set.TrySetResult();
    }
}
