using Rqml.Core.Tests.Hosting;

namespace Rqml.Core.Tests.Tasks;

/// <summary>Whoever makes a call says what it cost: models that fail, scorers and validators too.</summary>
public sealed class CostTests
{
    [Theory]
    [InlineData(0.25, 0.25 + 3)]
    [InlineData(0.0, 3.0)]
    [InlineData(null, 2 + 3.0)]
    public async Task A_failed_pass_costs_what_it_says_and_else_what_was_declared(double? said, double expected)
    {
        var passes = 0;
        var result = await EndAsync(words => words.AddModel("model", Model, cost: 2).ConvergeWhenAll(Stability.Over(2)).Limit(iterations: 1));

        Assert.Equal((expected, expected), (result.Cost, result.Story.Cost));

        ValueTask<Refinement<string>> Model(RefinementContext<string, string> context, CancellationToken cancellationToken) => Interlocked.Increment(ref passes) == 1
            ? throw new ModelFailedException("The model stumbled.", said)
            : new(new Refinement<string>("a", Cost: 3));
    }

    [Fact]
    public async Task A_refusal_for_load_costs_what_it_says()
    {
        var passes = 0;
        var result = await EndAsync(words => words.AddModel("model", Model, cost: 2).ConvergeWhenAll(Stability.Over(2)).Limit(iterations: 1));

        Assert.Equal((2.0, 2), (result.Cost, passes));

        ValueTask<Refinement<string>> Model(RefinementContext<string, string> context, CancellationToken cancellationToken) =>
            Interlocked.Increment(ref passes) == 1 ? throw new ModelOverloadedException(TimeSpan.Zero, cost: 0) : new("a");
    }

    [Fact]
    public async Task Of_several_passes_those_that_failed_cost_what_they_say()
    {
        var result = await EndAsync(words => words
            .AddModel("fails", (_, _) => throw new ModelFailedException("The model stumbled.", 0.5), cost: 8)
            .AddModel("throws", (_, _) => throw new FormatException("The model stumbled."), family: "other", cost: 16)
            .AddModel("makes", (_, _) => new(new Refinement<string>("a", Cost: 4)), family: "third", cost: 32)
            .ConvergeWhenAll(Consistency.Over(3)).Limit(iterations: 1));

        Assert.Equal(0.5 + 16 + 4, result.Cost);
    }

    [Theory]
    [InlineData(null, 2 + 0.5)]
    [InlineData(0.25, 0.25 + 0.5)]
    public async Task A_score_costs_beside_the_pass(double? said, double expected)
    {
        var result = await EndAsync(words => words
            .AddModel("model", (_, _) => new(new Refinement<string>("a", Cost: said)), cost: 2)
            .ScoreWith(_ => new Judge { Score = new Score(0.5) { Cost = 0.5 } })
            .ConvergeWhenAll(Stability.Over(2)).Limit(iterations: 1));

        Assert.Equal((expected, 0.5), (result.Cost, result.Score));
    }

    [Fact]
    public async Task A_scorer_that_fails_costs_beside_the_pass_that_it_was_about()
    {
        var result = await EndAsync(words => words
            .AddModel("model", (_, _) => new(new Refinement<string>("a", Cost: 4)), cost: 2)
            .ScoreWith(_ => new Judge())
            .ConvergeWhenAll(Stability.Over(2)).Limit(passes: 1));

        Assert.Equal((Outcome.BudgetExhausted, 4.5), (result.Outcome, result.Cost));
    }

    [Fact]
    public async Task A_similarity_that_fails_costs_beside_the_pass_and_its_score()
    {
        var result = await EndAsync(words => words
            .AddModel("model", (_, _) => new(new Refinement<string>("a", Cost: 4)), cost: 2)
            .ScoreWith(_ => new Judge { Score = new Score(0.5) { Cost = 0.25 } })
            .CompareWith(_ => new Judge { Throws = 0.125 })
            .ConvergeWhenAll(Stability.Over(2)).Limit(passes: 2));

        Assert.Equal((Outcome.BudgetExhausted, 4.25 + 4.375), (result.Outcome, result.Cost));
    }

    [Fact]
    public async Task Validators_cost_whatever_they_say_and_where_they_fail()
    {
        var result = await EndAsync(words => words
            .AddModel("model", (_, _) => new(new Refinement<string>("a", Cost: 4)))
            .ValidateWith("accepts", _ => new Judge { Verdict = Validation.Accept with { Cost = 1 } })
            .ValidateWith("abstains", _ => new Judge { Verdict = Validation.Abstain("it cannot tell") with { Cost = 0.5 } })
            .ValidateWith("boasts", _ => new Judge { Verdict = Validation.Accept with { Cost = 0.25, Confidence = 2 } })
            .ValidateWith("fails", _ => new Judge { Throws = 0.125 })
            .ConvergeWhenAll(Stability.Over(2)));

        Assert.Equal((Outcome.Converged, 8 + 1.875), (result.Outcome, result.Cost));
        Assert.Equal(result.Cost, result.Story.Steps[^1].Cost);
    }

    [Fact]
    public async Task What_validators_cost_uses_up_the_budget()
    {
        var result = await EndAsync(words => words
            .AddModel("model", (_, _) => new(new Refinement<string>("a", Cost: 1)))
            .ValidateWith("refuses", _ => new Judge { Verdict = Validation.Reject("no") with { Cost = 10 } })
            .ConvergeWhenAll(Stability.Over(2)).Limit(cost: 11));

        Assert.Equal((12.0, 2), (result.Cost, result.Iterations));
        Assert.NotEqual(Outcome.Converged, result.Outcome);
    }

    [Fact]
    public void A_cost_that_is_none_cannot_be_said()
    {
        foreach (var none in new[] { -1, double.NaN, double.PositiveInfinity })
        {
            Assert.Throws<ArgumentOutOfRangeException>(() => new ModelFailedException("The model stumbled.", none));
            Assert.Throws<ArgumentOutOfRangeException>(() => new ModelOverloadedException(cost: none));
            Assert.Throws<ArgumentOutOfRangeException>(() => new Score(1) { Cost = none });
            Assert.Throws<ArgumentOutOfRangeException>(() => Validation.Accept with { Cost = none });
        }
    }

    [Fact]
    public async Task A_part_of_a_class_that_cannot_be_made_keeps_the_host_from_starting()
    {
        await RefusedAsync(words => words.AddModel("model", IRefinementModel<string, string> (_) => throw new NotSupportedException("no client")), "no client");
        await RefusedAsync(words => words.AddModel("model", Words.Echo).ScoreWith(_ => null!), "Task class 'words': ScoreWith was given a function that returned null.");
        await RefusedAsync(words => words.AddModel("model", Words.Echo).ValidateWith("one", _ => null!), "Task class 'words': ValidateWith was given a function that returned null.");

        static async Task RefusedAsync(Action<TaskClassBuilder<string, string>> configure, string words)
        {
            var error = await Assert.ThrowsAnyAsync<Exception>(() => TestHost.StartAsync(rqml => rqml.AddTaskClass(Words.Class, configure)));
            Assert.Contains(words, error.Message, StringComparison.Ordinal);
        }
    }

    private static async Task<RefinementResult<string>> EndAsync(Action<TaskClassBuilder<string, string>> configure)
    {
        await using var host = await TestHost.StartAsync(rqml => rqml.AddTaskClass(Words.Class, configure));
        return await TestHost.Step("completion", (await host.Client.SubmitAsync(Words.Class, "a")).Completion);
    }

    private sealed class Judge : IArtifactScorer<string, string>, IArtifactValidator<string, string>, IArtifactSimilarity<string>
    {
        public Score? Score { get; init; }

        public Validation? Verdict { get; init; }

        public double Throws { get; init; } = 0.5;

        public ValueTask<Score> ScoreAsync(string payload, string artifact, CancellationToken cancellationToken) => new(Score ?? throw new ModelFailedException("The judge stumbled.", Throws));

        public ValueTask<double> MeasureAsync(string left, string right, CancellationToken cancellationToken) => throw new ModelFailedException("The judge stumbled.", Throws);

        public ValueTask<Validation> ValidateAsync(string payload, string artifact, CancellationToken cancellationToken) => new(Verdict ?? throw new ModelFailedException("The judge stumbled.", Throws));
    }
}
