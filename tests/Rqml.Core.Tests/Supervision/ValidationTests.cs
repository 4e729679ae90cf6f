using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using Rqml.Core.Tests.Hosting;
using Rqml.Supervision;

namespace Rqml.Core.Tests.Supervision;

/// <summary>What validators say of a converged artifact, and what follows.</summary>
public sealed class ValidationTests : IDisposable
{
    private readonly KeptLogs _logs = new();

    public void Dispose() => _logs.Dispose();

    [Fact]
    public async Task A_refused_artifact_goes_to_the_next_tier_and_with_none_left_the_task_is_rejected_with_the_best()
    {
        await using var host = await StartAsync(words => words.AddModel("large", Says("large", 0.4), tier: 1).ValidateWith<Picky>());

        var rescued = await CompletionAsync(host, "large");
        Assert.Equal((Outcome.Converged, "large", 1), (rescued.Outcome, rescued.Artifact, rescued.Tier));

        var rejected = await CompletionAsync(host, "nothing");
        Assert.Equal((Outcome.Rejected, "small", 0.9), (rejected.Outcome, rejected.Artifact, rejected.Score));
    }

    [Fact]
    public async Task A_validator_that_throws_abstains_and_is_told()
    {
        await using var host = await StartAsync(words => words.ValidateWith<Stumbling>().ValidateWith<Yes>());

        var result = await CompletionAsync(host, "a");

        Assert.Equal((Outcome.Converged, "small"), (result.Outcome, result.Artifact));
        Assert.Single(_logs.Lines, line => line.StartsWith("Warning 2204 ", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Where_no_validator_can_judge_the_artifact_is_refused_with_what_they_said()
    {
        await using var host = await StartAsync(words => words.ValidateWith<Stumbling>().ValidateWith<Confused>());

        var result = await CompletionAsync(host, "a");

        Assert.Equal((Outcome.Rejected, "small"), (result.Outcome, result.Artifact));
        Assert.Contains("The validator stumbled.", result.Reason, StringComparison.Ordinal);
        Assert.Contains("its confidence is NaN", result.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Where_one_throws_another_may_still_refuse()
    {
        await using var host = await StartAsync(words => words.ValidateWith<Stumbling>().ValidateWith<Picky>());

        Assert.Equal(Outcome.Rejected, (await CompletionAsync(host, "nothing")).Outcome);
        Assert.Equal(Outcome.Converged, (await CompletionAsync(host, "small")).Outcome);
    }

    [Fact]
    public async Task A_refused_model_has_one_more_pass_and_is_told_why()
    {
        var heard = new System.Collections.Concurrent.ConcurrentQueue<string?>();
        await using var host = await TestHost.StartAsync(rqml => rqml.AddWords(Correct, words => words.ValidateWith<Picky>()));

        var result = await CompletionAsync(host, "right");

        Assert.Equal((Outcome.Converged, "right"), (result.Outcome, result.Artifact));
        Assert.Contains("It is not 'right'.", heard);

        ValueTask<Refinement<string>> Correct(RefinementContext<string, string> context, CancellationToken cancellationToken)
        {
            heard.Enqueue(context.Refusal);
            return new(context.Refusal is null ? "wrong" : "right");
        }
    }

    [Fact]
    public async Task A_validator_that_takes_too_long_abstains_and_is_told()
    {
        var slow = new Slow();      // never opened
        await using var host = await StartAsync(words => words.ValidateWith<Slow>().ValidateWith<Yes>().Limit(validatorTimeout: TimeSpan.FromMilliseconds(50)), slow: slow);

        var result = await CompletionAsync(host, "a");

        Assert.Equal((Outcome.Converged, "small"), (result.Outcome, result.Artifact));
        Assert.Contains(_logs.Lines, line => line.StartsWith("Warning 2204 ", StringComparison.Ordinal) && line.Contains("took longer", StringComparison.Ordinal));
    }

    [Fact]
    public async Task What_validators_take_counts_as_time_on_workers()
    {
        var time = new FakeTimeProvider();
        await using var host = await TestHost.StartAsync(
            rqml => rqml.AddWords(Says("small", 0.9), words => words.ValidateWith<Ponderous>()), services => services.AddSingleton(time).AddSingleton(new Ponderous(time)), time);

        var result = await host.Pass("completion", (await host.Client.SubmitAsync(Words.Class, "a")).Completion);

        Assert.True(result.Story.TimeOnWorkers >= TimeSpan.FromSeconds(3), $"{result.Story.TimeOnWorkers}");
    }

    [Fact]
    public async Task Two_of_three_validators_outvote_the_third_and_an_exact_one_outvotes_all()
    {
        await using var host = await StartAsync(words => words.ValidateWith<Yes>().ValidateWith<Yes>(name: "yes again").ValidateWith<Picky>());
        var accepted = await CompletionAsync(host, "nothing");
        Assert.Equal(Outcome.Converged, accepted.Outcome);
        var judged = accepted.Story.Steps[^1];
        Assert.Equal((ObservationKind.Validated, SupervisionAction.Accept), (judged.Kind, judged.Action));
        Assert.EndsWith("2 of 3 validators accept", judged.Reason, StringComparison.Ordinal);
        Assert.Equal(["Yes accepts", "yes again accepts", "Picky rejects (It is not 'nothing'.)"], judged.Opinions.Select(opinion => $"{opinion}"));

        await using var strict = await StartAsync(words => words.ValidateWith<Yes>().ValidateWith<Yes>(name: "yes again").ValidateWith<Picky>(reliability: 1));
        var rejected = await CompletionAsync(strict, "nothing");
        Assert.Equal((Outcome.Rejected, true), (rejected.Outcome, rejected.Reason!.EndsWith("It is not 'nothing'.", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task A_verdict_that_is_none_abstains()
    {
        await using var host = await StartAsync(words => words.ValidateWith<Confused>().ValidateWith<Picky>());

        Assert.Equal(Outcome.Rejected, (await CompletionAsync(host, "nothing")).Outcome);
        Assert.Contains(_logs.Lines, line => line.Contains("its confidence is NaN", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_stop_during_validation_settles_nothing_and_the_task_goes_on_after_the_restart()
    {
        var store = new KeptStore();
        var slow = new Slow();
        TaskId task;
        await using (var host = await StartAsync(words => words.ValidateWith<Slow>(), rqml => rqml.UseStore("kept", _ => store), slow))
        {
            var handle = await host.Client.SubmitAsync(Words.Class, "a");
            task = handle.Id;
            await TestStep.Of("the validator", slow.Entered);
            await host.StopAsync();
            await Assert.ThrowsAsync<LedgerLostException>(() => handle.Completion.WaitAsync(TestStep.Limit));
        }

        slow.Open();
        await using var again = await StartAsync(words => words.ValidateWith<Slow>(), rqml => rqml.UseStore("kept", _ => store), slow);
        Assert.Equal(1, again.Main.Recovered);
        var result = await TestHost.Step("completion", (await again.Client.AttachAsync(Words.Class, task)).Completion);
        Assert.Equal((Outcome.Converged, "small"), (result.Outcome, result.Artifact));
    }

    private Task<TestHost> StartAsync(Action<TaskClassBuilder<string, string>> words, Action<IRqmlBuilder>? more = null, Slow? slow = null) => TestHost.StartAsync(
        rqml =>
        {
            rqml.AddWords(Says("small", 0.9), words);
            more?.Invoke(rqml);
        },
        services =>
        {
            services.AddLogging(logging => logging.AddProvider(_logs));
            if (slow is not null) services.AddSingleton(slow);
        });

    private static async Task<RefinementResult<string>> CompletionAsync(TestHost host, string wanted) =>
        await TestHost.Step("completion", (await host.Client.SubmitAsync(Words.Class, wanted)).Completion);

    private static Func<RefinementContext<string, string>, CancellationToken, ValueTask<Refinement<string>>> Says(string word, double confidence) => (_, _) => new(new Refinement<string>(word, confidence));

    /// <summary>Accepts only what the payload names.</summary>
    private sealed class Picky : IArtifactValidator<string, string>
    {
        public ValueTask<Validation> ValidateAsync(string payload, string artifact, CancellationToken cancellationToken) =>
            new(artifact == payload ? Validation.Accept : Validation.Reject($"It is not '{payload}'."));
    }

    private sealed class Yes : IArtifactValidator<string, string>
    {
        public ValueTask<Validation> ValidateAsync(string payload, string artifact, CancellationToken cancellationToken) => new(Validation.Accept);
    }

    /// <summary>Takes three seconds.</summary>
    private sealed class Ponderous(FakeTimeProvider time) : IArtifactValidator<string, string>
    {
        public ValueTask<Validation> ValidateAsync(string payload, string artifact, CancellationToken cancellationToken)
        {
            time.Advance(TimeSpan.FromSeconds(3));
            return new(Validation.Accept);
        }
    }

    private sealed class Confused : IArtifactValidator<string, string>
    {
        public ValueTask<Validation> ValidateAsync(string payload, string artifact, CancellationToken cancellationToken) => new(Validation.Accept with { Confidence = double.NaN });
    }

    private sealed class Stumbling : IArtifactValidator<string, string>
    {
        public ValueTask<Validation> ValidateAsync(string payload, string artifact, CancellationToken cancellationToken) => throw new InvalidOperationException("The validator stumbled.");
    }

    /// <summary>Waits until it is opened or told to stop.</summary>
    private sealed class Slow : IArtifactValidator<string, string>
    {
        private readonly TaskCompletionSource _entered = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly TaskCompletionSource _opened = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Entered => _entered.Task;

        public void Open() => _opened.TrySetResult();

        public async ValueTask<Validation> ValidateAsync(string payload, string artifact, CancellationToken cancellationToken)
        {
            _entered.TrySetResult();
            await _opened.Task.WaitAsync(cancellationToken);
            return Validation.Accept;
        }
    }
}
