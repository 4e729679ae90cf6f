using System.Buffers;
using System.Diagnostics.Metrics;
using System.Text;
using Microsoft.Extensions.DependencyInjection;
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

    [Theory]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    [InlineData(-0.1)]
    [InlineData(1.1)]
    public async Task A_score_or_similarity_out_of_range_fails_the_pass_and_is_named(double value)
    {
        await AssertFailsAsync<ScoreOutOfRangeException>(words => words.ScoreWith<Measure>(), passes: 4, $"The scorer of task class 'words' gave {value}");
        await AssertFailsAsync<ScoreOutOfRangeException>(words => words.CompareWith<Measure>(), passes: 5, $"The similarity of task class 'words' gave {value}");      // the first has nothing to be compared with

        Task AssertFailsAsync<TError>(Action<TaskClassBuilder<string, string>> more, int passes, string words) =>
            BadInputTests.AssertFailsAsync<TError>(Words.Class, more, passes, words, services => services.AddSingleton(new Measure(value)));
    }

    [Fact]
    public async Task An_artifact_serializer_that_throws_fails_the_pass_and_is_named()
    {
        var atWrite = new TaskClass<string, string>("words", new Stumbling(), new Stumbling { AtWrite = true });
        await AssertFailsAsync<SerializationFailedException>(atWrite, null, passes: 4, "The serializer of the artifact type System.String threw NotSupportedException");
        var atRead = new TaskClass<string, string>("words", new Stumbling(), new Stumbling { AtRead = true });
        await AssertFailsAsync<SerializationFailedException>(atRead, null, passes: 1, "The serializer of the artifact type System.String threw NotSupportedException");      // the later ones never came to the model
    }

    /// <summary>Each failed pass is counted and tried again; after the last the task fails with the words of the error.</summary>
    private static async Task AssertFailsAsync<TError>(TaskClass<string, string> @class, Action<TaskClassBuilder<string, string>>? more, int passes, string words, Action<IServiceCollection>? services = null)
    {
        var made = 0;
        using var failed = CountOf.FailedPasses(typeof(TError));
        await using var host = await TestHost.StartAsync(
            rqml => rqml.AddTaskClass(@class, of =>
            {
                of.AddModel("model", Refine).ConvergeWhenAll(Stability.Over(2).AtLeast(1.0));
                more?.Invoke(of);
            }),
            all =>
            {
                all.AddSingleton<IMeterFactory>(failed);
                services?.Invoke(all);
            });

        var result = await TestHost.Step("completion", (await host.Client.SubmitAsync(@class, "a")).Completion);

        Assert.Equal(Outcome.Failed, result.Outcome);
        Assert.StartsWith($"{typeof(TError).Name}: {words}", result.Reason, StringComparison.Ordinal);
        Assert.Equal((passes, 4), (made, failed.Count));

        ValueTask<Refinement<string>> Refine(RefinementContext<string, string> context, CancellationToken cancellationToken)
        {
            made++;
            return Words.Echo(context, cancellationToken);
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
    [InlineData("an unknown model")]
    [InlineData("no model")]
    [InlineData("no larger model")]
    [InlineData("no other model")]
    [InlineData("no voters")]
    [InlineData("accepts what was refused")]
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

    /// <summary>A policy that loops never ends a task: whatever it asks for takes passes, and their number is a budget.</summary>
    [Theory]
    [InlineData("always diverse", 20)]
    [InlineData("always votes", 20)]
    [InlineData("always retries", 5)]
    public async Task A_policy_that_loops_ends_with_the_budget_of_passes(string fault, int budget)
    {
        var passes = 0;
        await using var host = await TestHost.StartAsync(rqml => rqml.AddWords(Count, words => words.SuperviseWith(new FaultyPolicy(fault)).Vote(voters: 3, deadline: TimeSpan.FromSeconds(10)).Limit(iterations: 1_000)));

        var result = await TestHost.Step("completion", (await host.Client.SubmitAsync(Words.Class, "a", new SubmitOptions { Budget = new TaskBudget { Passes = budget } })).Completion);

        Assert.Equal(Outcome.BudgetExhausted, result.Outcome);
        Assert.InRange(result.Story.Passes, budget - 2, budget);
        Assert.InRange(passes, budget - 2, budget);

        ValueTask<Refinement<string>> Count(RefinementContext<string, string> context, CancellationToken cancellationToken)
        {
            Interlocked.Increment(ref passes);
            if (fault == "always retries") throw new FormatException("The model stumbled.");
            return new(new Refinement<string>($"{context.Iteration}", 0.5));
        }
    }

    private sealed class FaultyPolicy(string fault) : ISupervisionPolicy
    {
        public int Version => 1;

        public SupervisionDecision Decide(Observation seen) => (fault, seen.Kind) switch
        {
            ("throws", _) or ("throws when refused", ObservationKind.Rejected) => throw new InvalidOperationException("The policy does not know."),
            ("undefined", ObservationKind.Refined) => Say((SupervisionAction)77),
            ("undefined", _) => Say(SupervisionAction.Retry),
            ("an unknown model", ObservationKind.Refined) => SupervisionDecision.SwitchTo("no such model", "the test says so"),
            ("no model", ObservationKind.Refined) => Say(SupervisionAction.SwitchModel),
            ("no larger model", ObservationKind.Refined) => Say(SupervisionAction.Escalate),
            ("no other model", ObservationKind.Refined) => Say(SupervisionAction.Reroute),
            ("no voters", ObservationKind.Refined) => Say(SupervisionAction.Vote),
            ("fails", _) => Say(SupervisionAction.Fail),
            ("never ends", _) => Say(SupervisionAction.Continue),
            ("always diverse", _) => Say(SupervisionAction.Diversify),
            ("always votes", _) => Say(SupervisionAction.Vote),
            ("always retries", _) => Say(SupervisionAction.Retry),
            _ => Say(SupervisionAction.Accept),
        };

        private static SupervisionDecision Say(SupervisionAction action) => new(action, "the test says so");
    }

    private sealed class Measure(double value) : IArtifactScorer<string, string>, IArtifactSimilarity<string>
    {
        public ValueTask<Score> ScoreAsync(string payload, string artifact, CancellationToken cancellationToken) => new(value);

        public ValueTask<double> MeasureAsync(string left, string right, CancellationToken cancellationToken) => new(value);
    }

    private sealed class Stumbling : IValueSerializer<string>
    {
        public bool AtWrite { get; init; }

        public bool AtRead { get; init; }

        public void Serialize(string value, IBufferWriter<byte> target)
        {
            if (AtWrite) throw new NotSupportedException("It does not write.");
            target.Write(Encoding.UTF8.GetBytes(value));
        }

        public string Deserialize(ReadOnlyMemory<byte> source) => AtRead ? throw new NotSupportedException("It does not read.") : Encoding.UTF8.GetString(source.Span);
    }

    private sealed class Refusal : IArtifactValidator<string, string>
    {
        public ValueTask<Validation> ValidateAsync(string payload, string artifact, CancellationToken cancellationToken) => new(Validation.Reject("The test says so."));
    }
}
