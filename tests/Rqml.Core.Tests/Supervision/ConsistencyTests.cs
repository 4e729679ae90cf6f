using System.Collections.Concurrent;
using Microsoft.Extensions.Time.Testing;
using Rqml.Core.Tests.Hosting;

namespace Rqml.Core.Tests.Supervision;

/// <summary>Several passes an iteration, on a real host.</summary>
public sealed class ConsistencyTests
{
    private readonly Lock _lock = new();

    [Fact]
    public async Task Passes_of_one_iteration_overlap_and_are_made_by_as_many_families_as_there_are()
    {
        var entered = new ConcurrentQueue<string>();
        var all = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var host = await TestHost.StartAsync(rqml => rqml
            .Configure(options => options.Lanes = 1)
            .AddTaskClass(Words.Class, words => words
                .AddModel("first", Meet, family: "a").AddModel("second", Meet, family: "b").AddModel("third", Meet, family: "a")
                .ConvergeWhenAll(Consistency.Over(passes: 3).AtLeast(0.9))));

        var result = await TestHost.Step("completion", (await host.Client.SubmitAsync(Words.Class, "a")).Completion);

        Assert.Equal((Outcome.Converged, 1, 3), (result.Outcome, result.Iterations, result.Story.Passes));
        Assert.Equal(["first", "second", "third"], entered.Order(StringComparer.Ordinal));

        async ValueTask<Refinement<string>> Meet(RefinementContext<string, string> context, CancellationToken cancellationToken)
        {
            entered.Enqueue(context.Pass.Model);
            if (entered.Count == 3) all.SetResult();
            await all.Task.WaitAsync(cancellationToken);      // nobody gets on before all are in
            return "same";
        }
    }

    [Fact]
    public async Task Passes_that_disagree_do_not_converge_and_the_one_most_like_the_others_is_taken()
    {
        await using var host = await TestHost.StartAsync(rqml => rqml.AddTaskClass(Words.Class, words => words
            .AddModel("model", (context, _) => new(context.Pass.Number == 1 ? $"odd {context.Iteration}" : $"even {context.Iteration}"))
            .ConvergeWhenAll(Consistency.Over(passes: 3).AtLeast(0.9))
            .Limit(iterations: 2)));

        var task = await host.Client.SubmitAsync(Words.Class, "a");
        var result = await TestHost.Step("completion", task.Completion);

        Assert.Equal((Outcome.BudgetExhausted, "even 2", 6), (result.Outcome, result.Artifact, result.Story.Passes));
    }

    [Fact]
    public async Task A_pass_that_fails_beside_others_costs_its_pass_and_no_more()
    {
        await using var host = await TestHost.StartAsync(rqml => rqml.AddTaskClass(Words.Class, words => words
            .AddModel("model", (context, _) => context.Pass.Number == 2 ? throw new FormatException("The second stumbles.") : new("same"))
            .ConvergeWhenAll(Consistency.Over(passes: 3).AtLeast(0.9))));

        var result = await TestHost.Step("completion", (await host.Client.SubmitAsync(Words.Class, "a")).Completion);

        Assert.Equal((Outcome.Converged, "same", 1, 3), (result.Outcome, result.Artifact, result.Iterations, result.Story.Passes));
    }

    [Fact]
    public async Task What_brings_nothing_new_has_converged()
    {
        string[] words = ["a", "b", "c", "b"];
        await using var host = await TestHost.StartAsync(rqml => rqml.AddTaskClass(Words.Class, of => of
            .AddModel("model", (context, _) => new(words[context.Iteration - 1]))
            .ConvergeWhenAny(Novelty.Below(0.05), Stability.Over(4))));

        var result = await TestHost.Step("completion", (await host.Client.SubmitAsync(Words.Class, "a")).Completion);

        Assert.Equal((Outcome.Converged, "b", 4), (result.Outcome, result.Artifact, result.Iterations));
    }

    [Fact]
    public async Task Who_made_the_artifact_is_named_not_who_stands_for_the_iteration()
    {
        await using var host = await TestHost.StartAsync(rqml => rqml.AddTaskClass(Words.Class, words => words
            .AddModel("poor", (_, _) => new(new Refinement<string>("poor", 0.2)), family: "a")
            .AddModel("good", (_, _) => new(new Refinement<string>("good", 0.9)), family: "b")
            .ConvergeWhenAll(Consistency.Over(passes: 2).AtLeast(0.9))
            .Limit(iterations: 1)));

        var task = await host.Client.SubmitAsync(Words.Class, "a");
        var steps = await TestHost.Step("the iterations", task.Iterations().ToListAsync());
        var result = await TestHost.Step("completion", task.Completion);

        Assert.Equal(("good", "good"), (result.Artifact, result.Model));
        Assert.All(steps, step => Assert.Equal("good", step.Model));
    }

    /// <summary>Each pass has its own time: together they take longer than one may without a sign of life.</summary>
    [Fact]
    public async Task Passes_that_compute_one_after_the_other_are_not_taken_for_one_that_hangs()
    {
        var time = new FakeTimeProvider();
        await using var host = await TestHost.StartAsync(
            rqml => rqml.AddTaskClass(Words.Class, words => words
                .AddModel("model", (_, _) =>
                {
                    time.Advance(TimeSpan.FromMilliseconds(400));      // computes, and nobody else moves the clock
                    return new("same");
                })
                .ConvergeWhenAll(Consistency.Over(passes: 4).AtLeast(0.9))
                .Limit(beatTimeout: TimeSpan.FromMilliseconds(900))),
            time: time);

        var result = await TestHost.Step("completion", (await host.Client.SubmitAsync(Words.Class, "a")).Completion);

        Assert.Equal((Outcome.Converged, 1, 4), (result.Outcome, result.Iterations, result.Story.Passes));
    }

    [Fact]
    public async Task A_model_makes_no_more_calls_at_once_than_it_bears_whatever_asks_for_them()
    {
        var (now, most) = (0, 0);
        await using var host = await TestHost.StartAsync(rqml => rqml
            .Configure(options => options.Lanes = 4)
            .AddTaskClass(Words.Class, words => words
                .AddModel("model", Narrow, concurrency: ModelConcurrency.Fixed(2))
                .ConvergeWhenAll(Consistency.Over(passes: 3).AtLeast(0.9))));

        var tasks = await TestHost.Step("the submissions", host.Client.SubmitAllAsync(Words.Class, Words.Stream(12)).ToListAsync());
        var results = await TestHost.Step("all completions", Task.WhenAll(tasks.Select(task => task.Completion)));

        Assert.All(results, result => Assert.Equal(Outcome.Converged, result.Outcome));
        Assert.Equal(2, most);

        async ValueTask<Refinement<string>> Narrow(RefinementContext<string, string> context, CancellationToken cancellationToken)
        {
            var inside = Interlocked.Increment(ref now);
            lock (_lock) most = Math.Max(most, inside);
            for (var turn = 0; turn < 20; turn++) await Task.Yield();
            Interlocked.Decrement(ref now);
            return "same";
        }
    }
}
