using Rqml.Core.Tests.Hosting;
using Rqml.Hosting;

namespace Rqml.Core.Tests.Checkpoints;

/// <summary>Invariant 3: workers never wait for a checkpoint. A disk that hangs shows as a longer recovery point; only the completion, which claims something, waits.</summary>
public sealed class NeverWaitedForTests
{
    private const int Iterations = 40;
    private static readonly TaskClass<int, int> Count = new("count");

    [Fact]
    public async Task Workers_never_wait_for_a_checkpoint()
    {
        var disk = new StuckStore();
        var iterated = new TaskCompletionSource<int>(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var host = await TestHost.StartAsync(rqml => rqml
            .Roles(NodeRoles.Client | NodeRoles.Scheduler)
            .AddNode("worker", node => node.UseStore("stuck", _ => disk))
            .AddTaskClass(Count, count => count.AddModel("count", Refine).Limit(iterations: Iterations)));

        var task = await host.Client.SubmitAsync(Count, 0);
        await TestHost.Step($"{Iterations} iterations while no commit comes back", iterated.Task);
        Assert.False(task.Completion.IsCompleted, "The result was offered before it was durable.");

        disk.Free();
        var result = await TestHost.Step("completion", task.Completion);
        Assert.Equal(Iterations, result.Artifact);

        ValueTask<Refinement<int>> Refine(RefinementContext<int, int> context, CancellationToken cancellationToken)
        {
            disk.Stick();
            if (context.Iteration == Iterations) iterated.TrySetResult(context.Iteration);
            return new(context.Artifact + 1);
        }
    }
}
