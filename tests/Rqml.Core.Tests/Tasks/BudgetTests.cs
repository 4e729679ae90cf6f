using Microsoft.Extensions.Time.Testing;
using Rqml.Core.Tests.Hosting;

namespace Rqml.Core.Tests.Tasks;

/// <summary>What a task may use at most: it ends with the best that it had.</summary>
public sealed class BudgetTests
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Time_on_workers_counts_and_no_other(bool ofTask)
    {
        var time = new FakeTimeProvider();
        var gate = new Gate();
        var limit = TimeSpan.FromSeconds(25);
        await using var host = await TestHost.StartAsync(
            rqml => rqml.AddWords(TenSeconds, words => words.Limit(time: ofTask ? null : limit)).Configure(options => options.Lanes = 1), time: time);
        await host.Client.SubmitAsync(Words.Class, "first");
        await TestStep.Of("the first pass", gate.Entered);
        var task = await host.Client.SubmitAsync(Words.Class, "a", new SubmitOptions { Budget = new TaskBudget { Time = ofTask ? limit : null } });

        time.Advance(TimeSpan.FromMinutes(10));      // it waits for the lane
        gate.Open();
        var result = await TestHost.Step("completion", task.Completion);

        Assert.Equal((Outcome.BudgetExhausted, 3, "3"), (result.Outcome, result.Iterations, result.Artifact));

        ValueTask<Refinement<string>> TenSeconds(RefinementContext<string, string> context, CancellationToken cancellationToken)
        {
            if (context.Payload == "first") return gate.Refine(context, cancellationToken);
            time.Advance(TimeSpan.FromSeconds(10));
            return Words.Count(context, cancellationToken);
        }
    }

    [Theory]
    [InlineData(true, null, 3)]
    [InlineData(false, null, 3)]
    [InlineData(true, 0.5, 10)]
    [InlineData(true, 7.0, 1)]
    public async Task Cost_counts_as_the_model_says_and_else_as_it_was_declared(bool ofTask, double? said, int iterations)
    {
        await using var host = await TestHost.StartAsync(rqml => rqml.AddTaskClass(Words.Class, words => words
            .AddModel("model", (context, _) => new(new Refinement<string>($"{context.Iteration}", Cost: said)), cost: 2)
            .Limit(cost: ofTask ? null : 5)));

        var task = await host.Client.SubmitAsync(Words.Class, "a", new SubmitOptions { Budget = new TaskBudget { Cost = ofTask ? 5 : null } });
        var result = await TestHost.Step("completion", task.Completion);

        Assert.Equal((Outcome.BudgetExhausted, iterations, $"{iterations}"), (result.Outcome, result.Iterations, result.Artifact));
    }

    [Fact]
    public async Task Passes_that_failed_cost_too()
    {
        var passes = 0;
        await using var host = await TestHost.StartAsync(rqml => rqml.AddTaskClass(Words.Class, words => words.AddModel("model", Fail, cost: 2)));

        var task = await host.Client.SubmitAsync(Words.Class, "a", new SubmitOptions { Budget = new TaskBudget { Cost = 3 } });
        var result = await TestHost.Step("completion", task.Completion);

        Assert.Equal((Outcome.BudgetExhausted, false, 2), (result.Outcome, result.HasArtifact, passes));

        ValueTask<Refinement<string>> Fail(RefinementContext<string, string> context, CancellationToken cancellationToken)
        {
            Interlocked.Increment(ref passes);
            throw new FormatException("The model stumbled.");
        }
    }
}
