using Rqml.Core.Tests.Hosting;

namespace Rqml.Core.Tests.Tasks;

/// <summary>A cancel is a settlement: durable, and final.</summary>
public sealed class CancelTests
{
    [Fact]
    public async Task A_cancel_tells_the_model_that_runs_and_frees_its_lane()
    {
        var gate = new Gate();
        var told = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var host = await TestHost.StartAsync(rqml => rqml.AddWords(Refine).Configure(options => options.Lanes = 1));
        var task = await host.Client.SubmitAsync(Words.Class, "cancelled");
        await TestStep.Of("the first pass", gate.Entered);

        Assert.True(await TestHost.Step("the cancel", task.CancelAsync().AsTask()));

        Assert.Equal(Outcome.Cancelled, (await TestHost.Step("completion", task.Completion)).Outcome);
        await TestStep.Of("the model's token", told.Task);
        var next = await host.Client.SubmitAsync(Words.Class, "next");
        Assert.Equal(Outcome.Converged, (await TestHost.Step("completion of the next", next.Completion)).Outcome);
        Assert.Equal(1, gate.Passes);

        async ValueTask<Refinement<string>> Refine(RefinementContext<string, string> context, CancellationToken cancellationToken)
        {
            if (context.Payload == "next") return context.Payload;
            try
            {
                return await gate.Refine(context, cancellationToken);
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                told.SetResult();
                throw;
            }
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task What_a_model_does_when_it_is_told_to_stop_is_its_own_affair(bool throws)
    {
        using var release = new ManualResetEventSlim();
        var (registered, told) = (NewSource(), NewSource());
        await using var host = await TestHost.StartAsync(rqml => rqml.AddWords(Refine).Configure(options => options.Lanes = 2));
        var task = await host.Client.SubmitAsync(Words.Class, "cancelled");
        await TestStep.Of("the first pass", registered.Task);

        Assert.True(await TestHost.Step("the cancel", task.CancelAsync().AsTask()));
        await TestStep.Of("the model's token", told.Task);

        var next = await host.Client.SubmitAsync(Words.Class, "next");
        Assert.Equal(Outcome.Converged, (await TestHost.Step("completion of the next", next.Completion)).Outcome);
        release.Set();

        async ValueTask<Refinement<string>> Refine(RefinementContext<string, string> context, CancellationToken cancellationToken)
        {
            if (context.Payload == "next") return context.Payload;
            await using var registration = cancellationToken.Register(() =>
            {
                told.SetResult();
                if (throws) throw new InvalidOperationException("It does not like to be stopped.");
                release.Wait(TestStep.Limit);
            });
            registered.SetResult();
            await told.Task;
            cancellationToken.ThrowIfCancellationRequested();
            return "";
        }

        static TaskCompletionSource NewSource() => new(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    [Fact]
    public async Task A_cancel_holds_after_a_crash_and_a_second_one_changes_nothing()
    {
        var gate = new Gate();
        var store = new KeptStore();
        TaskId cancelled;
        await using (var host = await TestHost.StartAsync(rqml => rqml.UseStore("kept", _ => store).AddWords(gate.Refine)))
        {
            var task = await host.Client.SubmitAsync(Words.Class, "a");
            cancelled = task.Id;
            await TestStep.Of("the first pass", gate.Entered);
            Assert.True(await TestHost.Step("the cancel", task.CancelAsync().AsTask()));
            Assert.False(await TestHost.Step("the second cancel", task.CancelAsync().AsTask()));
            await host.Main.KillAsync();
        }

        gate.Open();
        await using var again = await TestHost.StartAsync(rqml => rqml.UseStore("kept", _ => store).AddWords(gate.Refine));
        Assert.Equal(0, again.Main.Recovered);
        var found = await again.Client.AttachAsync(Words.Class, cancelled);
        Assert.Equal(Outcome.Cancelled, (await TestHost.Step("completion", found.Completion)).Outcome);
        Assert.False(await TestHost.Step("the third cancel", found.CancelAsync().AsTask()));

        var other = await again.Client.SubmitAsync(Words.Class, "b");
        await TestHost.Step("completion of another", other.Completion);
        Assert.Equal(3, gate.Passes);      // one of the cancelled task, before
    }
}
