using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using Rqml.Core.Tests;
using Rqml.Core.Tests.Hosting;

namespace Rqml.Nodes;

/// <summary>Models that do not come back: given up, never waited for.</summary>
public sealed class HangingModelTests
{
    private readonly FakeTimeProvider _time = new();
    private readonly Gate _hang = new();

    [Fact]
    public async Task A_task_on_which_three_workers_hang_is_poisoned_and_its_lane_goes_on()
    {
        await using var host = await StartAsync(TimeSpan.FromMilliseconds(500));
        var poison = await host.Client.SubmitAsync(Words.Class, "hang", new SubmitOptions { KeepResult = TimeSpan.FromHours(1) });

        for (var passes = 1; passes <= 3; passes++)
        {
            await TestHost.Until($"pass {passes}", () => _hang.Passes == passes);
            await host.Pass(TimeSpan.FromMilliseconds(700));      // given up after 500, and another worker after a pause of 10, 20, 40
        }

        var result = await TestHost.Step("completion", poison.Completion);
        Assert.Equal((Outcome.Poisoned, false), (result.Outcome, result.HasArtifact));
        Assert.Equal((3, 3), ((await poison.GetStatusAsync()).Strikes, _hang.Passes));

        var next = await host.Client.SubmitAsync(Words.Class, "next");
        Assert.Equal(Outcome.Converged, (await TestHost.Step("completion of the next", next.Completion)).Outcome);
        Assert.Equal((3, 0), await AbandonedAndRunningAsync(host));
        _hang.Open();
    }

    [Fact]
    public async Task A_call_that_hangs_keeps_nobody_else_out_of_a_model_that_takes_one_at_a_time()
    {
        await using var host = await TestHost.StartAsync(
            rqml => rqml.AddTaskClass(Words.Class, words => words
                .AddModel("model", Refine, concurrency: ModelConcurrency.Fixed(1))
                .ConvergeWhenAll(Stability.Over(2))
                .Limit(beatTimeout: TimeSpan.FromMilliseconds(500))).Configure(options => options.Lanes = 2),
            time: _time);
        var hanging = await host.Client.SubmitAsync(Words.Class, "hang");
        await TestStep.Of("the first pass", _hang.Entered);
        var next = await host.Client.SubmitAsync(Words.Class, "next");

        await host.Pass("completion of the next", next.Completion);
        await host.Pass("completion", hanging.Completion);

        Assert.Equal("next", (await next.Completion).Artifact);
        Assert.Equal((Outcome.Poisoned, 3), ((await hanging.Completion).Outcome, _hang.Passes));
        _hang.Open();
    }

    [Fact]
    public async Task A_model_that_beats_is_not_given_up()
    {
        await using var host = await StartAsync(TimeSpan.FromMilliseconds(500));
        var task = await host.Client.SubmitAsync(Words.Class, "beat");

        Assert.Equal(Outcome.Converged, (await TestHost.Step("completion", task.Completion)).Outcome);
        Assert.Equal((0, 0), await AbandonedAndRunningAsync(host));
    }

    [Fact]
    public async Task A_model_that_ignores_its_cancellation_is_given_up_after_ten_seconds_and_its_lane_goes_on()
    {
        await using var host = await StartAsync(TimeSpan.FromHours(1));
        var deaf = await host.Client.SubmitAsync(Words.Class, "hang");
        await TestStep.Of("the first pass", _hang.Entered);
        Assert.True(await host.Client.CancelAsync(deaf.Id));
        Assert.Equal(Outcome.Cancelled, (await TestHost.Step("completion", deaf.Completion)).Outcome);
        var next = await host.Client.SubmitAsync(Words.Class, "next");

        await host.Pass(TimeSpan.FromSeconds(9));
        Assert.Equal((0, 1), await AbandonedAndRunningAsync(host));
        Assert.False(next.Completion.IsCompleted);

        await host.Pass(TimeSpan.FromSeconds(2));
        Assert.Equal(Outcome.Converged, (await TestHost.Step("completion of the next", next.Completion)).Outcome);
        Assert.Equal((1, 0), await AbandonedAndRunningAsync(host));
        _hang.Open();
    }

    [Fact]
    public async Task A_validator_that_hangs_abstains_in_its_own_time_and_costs_no_worker()
    {
        var hanging = new HangingValidator();
        await using var host = await TestHost.StartAsync(
            rqml => rqml.AddWords(Refine, words => words.Limit(beatTimeout: TimeSpan.FromSeconds(4), validatorTimeout: TimeSpan.FromSeconds(8)).ValidateWith<HangingValidator>().ValidateWith<Contented>()),
            services => services.AddSingleton(hanging), _time);
        var task = await host.Client.SubmitAsync(Words.Class, "a");
        await TestStep.Of("the validator", hanging.Entered);

        await host.Pass(TimeSpan.FromSeconds(8.5));
        Assert.Equal(Outcome.Converged, (await TestHost.Step("completion", task.Completion)).Outcome);
        Assert.Equal((0, 0), await AbandonedAndRunningAsync(host));
    }

    private Task<TestHost> StartAsync(TimeSpan beatTimeout) =>
        TestHost.StartAsync(rqml => rqml.AddWords(Refine, words => words.Limit(beatTimeout: beatTimeout)).Configure(options => options.Lanes = 1), time: _time);

    private async ValueTask<Refinement<string>> Refine(RefinementContext<string, string> context, CancellationToken cancellationToken)
    {
        if (context.Payload == "hang") return await _hang.RefineDeaf(context, cancellationToken);
        for (var tenths = 0; context.Payload == "beat" && tenths < 30; tenths++)
        {
            _time.Advance(TimeSpan.FromMilliseconds(100));      // the watchdog looks, here and now
            if (tenths % 3 == 0) context.Beat();
        }

        return context.Payload;
    }

    private sealed class Contented : IArtifactValidator<string, string>
    {
        public ValueTask<Validation> ValidateAsync(string payload, string artifact, CancellationToken cancellationToken) => new(Validation.Accept);
    }

    private sealed class HangingValidator : IArtifactValidator<string, string>
    {
        private readonly TaskCompletionSource _entered = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly TaskCompletionSource<Validation> _never = new();

        public Task Entered => _entered.Task;

        public ValueTask<Validation> ValidateAsync(string payload, string artifact, CancellationToken cancellationToken)
        {
            _entered.TrySetResult();
            return new(_never.Task);
        }
    }

    private static async Task<(long Abandoned, int Running)> AbandonedAndRunningAsync(TestHost host)
    {
        var queues = await host.Services.GetRequiredService<INodeOrchestrator>().GetQueuesAsync();
        return (queues.Abandoned, queues.Running);
    }
}
