using System.Collections.Concurrent;
using Rqml.Core.Tests.Hosting;
using Rqml.Supervision;

namespace Rqml.Core.Tests.Supervision;

/// <summary>What a task that does not get on goes through, from the stall to its end, on a real host.</summary>
public sealed class EscalationTests
{
    private readonly ConcurrentQueue<string> _passes = new();

    [Fact]
    public async Task A_stalled_task_climbs_the_ladder_rung_by_rung_and_ends_with_the_best_it_ever_had()
    {
        await using var host = await TestHost.StartAsync(rqml => rqml.AddTaskClass(Words.Class, words => words
            .AddModel("small", Stuck("small", 0.3), tier: 0, family: "a")
            .AddModel("large", Stuck("large", 0.6), tier: 1, family: "b")
            .AddModel("other", Stuck("other", 0.5), tier: 1, family: "c")
            .ConvergeWhenAll(Stability.Over(3))
            .AcceptAt(0.9)
            .Monitor(stallAfter: 3)
            .Vote(voters: 3)));

        var result = await TestHost.Step("completion", (await host.Client.SubmitAsync(Words.Class, "a")).Completion);

        Assert.Equal((Outcome.Unconverged, 0.6), (result.Outcome, result.Score));
        Assert.StartsWith("large", result.Artifact, StringComparison.Ordinal);
        Assert.Equal(
            [SupervisionAction.Escalate, SupervisionAction.Reroute, SupervisionAction.Diversify, SupervisionAction.Vote, SupervisionAction.Terminate],
            result.Story.Steps.Select(step => step.Action).Where(action => action != SupervisionAction.Continue));
        Assert.Equal(ConcernKind.Stall, result.Story.Steps.First(step => step.Action == SupervisionAction.Escalate).Concern!.Value.Kind);
        Assert.Equal(new VoteTally(VoteVerdict.Rejected, 3, 0, 3, -3, 3), result.Story.Steps.Single(step => step.Kind == ObservationKind.Voted).Vote);
        Assert.Equal(_passes.Count, result.Story.Passes);
        Assert.Equal(_passes.Count, result.Story.Cost);
        Assert.Contains("stalled from iteration", result.Story.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Several_passes_at_once_find_what_one_alone_does_not()
    {
        await using var host = await TestHost.StartAsync(rqml => rqml.AddTaskClass(Words.Class, words => words
            .AddModel("model", (context, _) => new(new Refinement<string>($"seed {context.Pass.Number}", context.Pass.Number >= 3 ? 1.0 : 0.5)))
            .ConvergeWhenAll(Stability.Over(2))
            .AcceptAt(0.9)
            .EscalateWith(Ladder.Of(Rung.Diversify))
            .Diversify(passes: 4)));

        var result = await TestHost.Step("completion", (await host.Client.SubmitAsync(Words.Class, "a")).Completion);

        Assert.Equal((Outcome.Converged, "seed 3", 1.0), (result.Outcome, result.Artifact, result.Score));      // of the same score the first
    }

    [Fact]
    public async Task A_vote_may_accept_what_stays_below_the_bar_and_says_so()
    {
        await using var host = await TestHost.StartAsync(rqml => rqml.AddTaskClass(Words.Class, words => words
            .AddModel("first", (_, _) => new(new Refinement<string>("answer", 0.5)), family: "a")
            .AddModel("second", (_, _) => new(new Refinement<string>("answer", 0.5)), family: "b")
            .AddModel("third", (_, _) => new(new Refinement<string>("another", 0.4)), family: "c")
            .ConvergeWhenAll(Stability.Over(2))
            .AcceptAt(0.9)
            .EscalateWith(Ladder.Of(Rung.Vote))
            .Vote(voters: 3)));

        var result = await TestHost.Step("completion", (await host.Client.SubmitAsync(Words.Class, "a")).Completion);

        Assert.Equal((Outcome.Converged, "answer", 0.5, "accepted by 2 of 3 voters"), (result.Outcome, result.Artifact, result.Score, result.Reason));
    }

    [Fact]
    public async Task An_oscillation_is_seen_without_scores_and_goes_to_the_larger_model()
    {
        await using var host = await TestHost.StartAsync(rqml => rqml.AddTaskClass(Words.Class, words => words
            .AddModel("small", (context, _) => new(context.Iteration % 2 == 0 ? "tick" : "tock"))
            .AddModel("large", Words.Echo, tier: 1)
            .ConvergeWhenAll(Stability.Over(2))));

        var result = await TestHost.Step("completion", (await host.Client.SubmitAsync(Words.Class, "a")).Completion);

        Assert.Equal((Outcome.Converged, "a", "large"), (result.Outcome, result.Artifact, result.Model));
        Assert.Equal(new Concern(ConcernKind.Oscillation, 1, 3, 2), result.Story.Steps.Single(step => step.Action == SupervisionAction.Escalate).Concern);
    }

    [Fact]
    public async Task Without_a_bar_a_flat_score_waits_for_its_rules()
    {
        await using var host = await TestHost.StartAsync(rqml => rqml.AddTaskClass(Words.Class, words => words
            .AddModel("model", (_, _) => new(new Refinement<string>("same", 0.7)))
            .ConvergeWhenAll(Stability.Over(10).For(2))));

        var result = await TestHost.Step("completion", (await host.Client.SubmitAsync(Words.Class, "a")).Completion);

        Assert.Equal((Outcome.Converged, 11, "converged: Stability 1"), (result.Outcome, result.Iterations, result.Reason));
    }

    [Fact]
    public async Task A_model_with_too_many_calls_is_left_alone_for_as_long_as_it_asks()
    {
        var time = new Microsoft.Extensions.Time.Testing.FakeTimeProvider();
        var calls = new ConcurrentQueue<DateTimeOffset>();
        await using var host = await TestHost.StartAsync(
            rqml => rqml.AddWords((context, _) =>
            {
                calls.Enqueue(time.GetUtcNow());
                return calls.Count == 1 ? throw new ModelOverloadedException(TimeSpan.FromSeconds(7)) : new("same");
            }),
            time: time);

        var result = await host.Pass("completion", (await host.Client.SubmitAsync(Words.Class, "a")).Completion);

        Assert.Equal(Outcome.Converged, result.Outcome);
        Assert.True(calls.ElementAt(1) - calls.ElementAt(0) >= TimeSpan.FromSeconds(7));
    }

    [Fact]
    public async Task Calls_that_were_too_many_are_no_failures_of_the_model()
    {
        var calls = 0;
        var seen = new ConcurrentQueue<int>();
        var time = new Microsoft.Extensions.Time.Testing.FakeTimeProvider();
        await using var host = await TestHost.StartAsync(
            rqml => rqml.AddWords((context, _) =>
            {
                seen.Enqueue(context.Pass.Number);
                return Interlocked.Increment(ref calls) switch
                {
                    <= 6 => throw new ModelOverloadedException(TimeSpan.Zero),
                    <= 9 => throw new FormatException("The model stumbled."),
                    _ => new("same"),
                };
            }),
            time: time);

        var result = await host.Pass("completion", (await host.Client.SubmitAsync(Words.Class, "a")).Completion);

        Assert.Equal((Outcome.Converged, 11), (result.Outcome, calls));
        Assert.Equal(Enumerable.Range(1, 10).Append(1), seen);      // no two tries of an iteration draw the same
    }

    /// <summary>The rule never holds, nothing is scored, and nothing comes again: only the budget is left.</summary>
    [Fact]
    public async Task A_rule_that_can_never_hold_ends_with_the_budget()
    {
        await using var host = await TestHost.StartAsync(rqml => rqml.AddWords(Words.Count, words => words.Limit(iterations: 12)));

        var result = await TestHost.Step("completion", (await host.Client.SubmitAsync(Words.Class, "a")).Completion);

        Assert.Equal((Outcome.BudgetExhausted, 12, "12"), (result.Outcome, result.Iterations, result.Artifact));
    }

    [Fact]
    public async Task A_budget_of_cost_holds_on_every_rung()
    {
        await using var host = await TestHost.StartAsync(rqml => rqml.AddTaskClass(Words.Class, words => words
            .AddModel("small", Stuck("small", 0.3), cost: 1)
            .AddModel("large", Stuck("large", 0.4), tier: 1, cost: 10)
            .ConvergeWhenAll(Stability.Over(3))
            .AcceptAt(0.9)
            .Limit(cost: 35)));

        var result = await TestHost.Step("completion", (await host.Client.SubmitAsync(Words.Class, "a")).Completion);

        Assert.Equal(Outcome.BudgetExhausted, result.Outcome);
        Assert.InRange(result.Story.Cost, 35, 45);      // the iteration that reaches it is finished
    }

    private Func<RefinementContext<string, string>, CancellationToken, ValueTask<Refinement<string>>> Stuck(string model, double score) => (context, _) =>
    {
        _passes.Enqueue(model);
        return new(new Refinement<string>($"{model} {context.Iteration} {context.Pass.Number}", score));
    };
}
