using Rqml.Core.Tests.Hosting;
using Rqml.Supervision;

namespace Rqml.Core.Tests.Supervision;

/// <summary>What users' code may do wrong: the pass or the task fails with an error that names it, and the node goes on.</summary>
public sealed class BadInputTests
{
    public static TheoryData<string, Func<RefinementContext<string, string>, Refinement<string>>> BadPasses => new()
    {
        { nameof(ArtifactTooLargeException), _ => "an artifact beyond the limit" },
        { nameof(NullArtifactException), _ => default },
        { nameof(ScoreOutOfRangeException), _ => new Refinement<string>("a", Confidence: double.NaN) },
        { nameof(ScoreOutOfRangeException), _ => new Refinement<string>("a", Confidence: 1.5) },
        { nameof(CostOutOfRangeException), _ => new Refinement<string>("a", Cost: double.NaN) },
        { nameof(CostOutOfRangeException), _ => new Refinement<string>("a", Cost: -1) },
        { nameof(FormatException), _ => throw new FormatException("The model stumbled.") },
    };

    [Theory]
    [MemberData(nameof(BadPasses))]
    public async Task A_bad_pass_is_tried_four_times_then_the_next_model_has_its_turn(string error, Func<RefinementContext<string, string>, Refinement<string>> pass)
    {
        var passes = 0;
        await using var host = await TestHost.StartAsync(rqml => rqml.AddWords(Bad, words => words.Limit(artifactBytes: 16).AddModel("next", Words.Echo, tier: 1)));
        var rescued = await TestHost.Step("completion", (await host.Client.SubmitAsync(Words.Class, "a")).Completion);
        Assert.Equal((Outcome.Converged, "next", 4), (rescued.Outcome, rescued.Model, passes));

        await using var alone = await TestHost.StartAsync(rqml => rqml.AddWords(Bad, words => words.Limit(artifactBytes: 16)));
        var failed = await TestHost.Step("completion", (await alone.Client.SubmitAsync(Words.Class, "a")).Completion);
        Assert.Equal((Outcome.Failed, false), (failed.Outcome, failed.HasArtifact));
        Assert.StartsWith($"{error}: ", failed.Reason, StringComparison.Ordinal);

        ValueTask<Refinement<string>> Bad(RefinementContext<string, string> context, CancellationToken cancellationToken)
        {
            Interlocked.Increment(ref passes);
            return new(pass(context));
        }
    }

    [Fact]
    public async Task The_words_of_an_error_are_cut_to_what_a_result_carries()
    {
        await using var host = await TestHost.StartAsync(rqml => rqml.AddWords((_, _) => throw new FormatException(new string('w', 100_000)), words => words.SuperviseWith(new FaultyPolicy("fails"))));

        var result = await TestHost.Step("completion", (await host.Client.SubmitAsync(Words.Class, "a")).Completion);

        Assert.Equal(Outcome.Failed, result.Outcome);
        Assert.StartsWith("FormatException: www", result.Reason, StringComparison.Ordinal);
        Assert.InRange(result.Reason!.Length, 1_000, 5_000);
    }

    [Theory]
    [InlineData("throws")]
    [InlineData("undefined")]
    [InlineData("throws when refused")]
    public async Task A_policy_that_does_not_decide_fails_the_task_and_is_named(string fault)
    {
        await using var host = await TestHost.StartAsync(rqml => rqml.AddWords(Words.Echo, words => words.SuperviseWith(new FaultyPolicy(fault)).ValidateWith<Refusal>()));

        var result = await TestHost.Step("completion", (await host.Client.SubmitAsync(Words.Class, "a")).Completion);

        Assert.Equal(Outcome.Failed, result.Outcome);
        Assert.StartsWith($"{nameof(PolicyFailedException)}: The supervision policy {typeof(FaultyPolicy)} of task class 'words'", result.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_budget_holds_whatever_the_policy_says()
    {
        await using var host = await TestHost.StartAsync(rqml => rqml.AddWords(Words.Count, words => words.SuperviseWith(new FaultyPolicy("never ends"))));

        var result = await TestHost.Step("completion", (await host.Client.SubmitAsync(Words.Class, "a", new SubmitOptions { Budget = new TaskBudget { Iterations = 5 } })).Completion);

        Assert.Equal((Outcome.BudgetExhausted, 5, "5"), (result.Outcome, result.Iterations, result.Artifact));
    }

    private sealed class FaultyPolicy(string fault) : ISupervisionPolicy
    {
        public int Version => 1;

        public SupervisionDecision Decide(in Observation seen) => (fault, seen.Kind) switch
        {
            ("throws", _) or ("throws when refused", ObservationKind.Rejected) => throw new InvalidOperationException("The policy does not know."),
            ("undefined", ObservationKind.Refined) => (SupervisionDecision)77,
            ("undefined", _) => SupervisionDecision.Retry,
            ("fails", _) => SupervisionDecision.Fail,
            ("never ends", _) => SupervisionDecision.Continue,
            _ => SupervisionDecision.Accept,
        };
    }

    private sealed class Refusal : IArtifactValidator<string, string>
    {
        public ValueTask<Validation> ValidateAsync(string payload, string artifact, CancellationToken cancellationToken) => new(Validation.Reject("The test says so."));
    }
}
