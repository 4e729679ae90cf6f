using Microsoft.Extensions.Time.Testing;
using Rqml.Core.Tests.Hosting;

namespace Rqml.Core.Tests.Tasks;

/// <summary>A task is settled at its deadline wherever it is.</summary>
public sealed class DeadlineTests
{
    private static readonly SubmitOptions TenSeconds = new() { Deadline = TimeSpan.FromSeconds(10) };
    private readonly FakeTimeProvider _time = new();

    [Fact]
    public async Task A_waiting_task_is_settled_at_its_deadline_and_never_begins()
    {
        var gate = new Gate();
        await using var host = await StartAsync(gate.Refine);
        var first = await host.Client.SubmitAsync(Words.Class, "first");
        await TestStep.Of("the first pass", gate.Entered);
        var behind = await host.Client.SubmitAsync(Words.Class, "behind", TenSeconds);
        var delayed = await host.Client.SubmitAsync(Words.Class, "delayed", TenSeconds with { NotBefore = TimeSpan.FromHours(1) });

        await host.Pass(TimeSpan.FromSeconds(9));
        Assert.False(behind.Completion.IsCompleted || delayed.Completion.IsCompleted);
        await host.Pass(TimeSpan.FromSeconds(1.5));

        foreach (var task in new[] { behind, delayed })
        {
            var result = await TestHost.Step("completion", task.Completion);
            Assert.Equal((Outcome.DeadlineExceeded, false, (NodeId?)null), (result.Outcome, result.HasArtifact, result.Node));
        }

        gate.Open();
        await TestHost.Step("the first task's completion", first.Completion);
        await host.Pass(TimeSpan.FromSeconds(5));
        Assert.Equal(2, gate.Passes);      // both of the first task
    }

    [Fact]
    public async Task A_running_task_is_settled_at_its_deadline_its_model_is_told_and_its_lane_is_free()
    {
        var told = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var host = await StartAsync(async (context, stop) =>
        {
            if (context.Payload == "next") return context.Payload;
            await using var registration = stop.Register(told.SetResult);
            await told.Task;
            stop.ThrowIfCancellationRequested();
            return "too late";
        });
        var running = await host.Client.SubmitAsync(Words.Class, "running", TenSeconds);

        Assert.Equal(Outcome.DeadlineExceeded, (await host.Pass("completion", running.Completion)).Outcome);
        await host.Pass("the model's token", told.Task);
        var next = await host.Client.SubmitAsync(Words.Class, "next");
        Assert.Equal(Outcome.Converged, (await host.Pass("the next task's completion", next.Completion)).Outcome);
    }

    [Fact]
    public async Task A_task_that_pauses_after_a_failed_pass_is_settled_at_its_deadline()
    {
        var passes = 0;
        await using var host = await StartAsync((_, _) =>
        {
            Interlocked.Increment(ref passes);
            throw new FormatException("The model stumbled.");
        });

        // It pauses for 50, 100 and 200 ms; without a deadline it has failed after 350.
        var task = await host.Client.SubmitAsync(Words.Class, "a", new SubmitOptions { Deadline = TimeSpan.FromMilliseconds(200) });
        var result = await host.Pass("completion", task.Completion);
        Assert.Equal(Outcome.DeadlineExceeded, result.Outcome);

        await host.Pass(TimeSpan.FromMilliseconds(500));      // a pass that was on its way has ended
        var before = Volatile.Read(ref passes);
        await host.Pass(TimeSpan.FromSeconds(5));
        Assert.Equal(before, Volatile.Read(ref passes));
    }

    private Task<TestHost> StartAsync(Func<RefinementContext<string, string>, CancellationToken, ValueTask<Refinement<string>>> model) =>
        TestHost.StartAsync(rqml => rqml.AddWords(model).Configure(options => options.Lanes = 1), time: _time);
}
