using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Rqml.Docs.Tests.Snippets;

public sealed class Convergence
{
    [Fact(Timeout = Workplace.LimitMs)]
    public async Task All_rules_have_to_hold()
    {
        var result = await RunAsync(roots =>
        {
            #region snippet
            roots
                .AddModel<NewtonStep>()
                .ScoreWith<Closeness>()
                .CompareWith(Similarity.RelativeL2<Root>(root => new[] { root.Value }))
                .ConvergeWhenAll(Stability.Over(3).AtLeast(0.999).For(2), Novelty.Below(0.001).Within(4))
                .AcceptAt(0.999)
                .Monitor(stallAfter: 8, improvement: 0.01, tolerance: 0.1);
            #endregion
        });

        Assert.Equal((Outcome.Converged, 5, 5), (result.Outcome, result.Iterations, result.Story.Passes));
        Assert.Equal(Math.Sqrt(2), result.Artifact.Value, 9);
    }

    [Fact(Timeout = Workplace.LimitMs)]
    public async Task Passes_that_agree_converge_at_once_and_are_paid_for()
    {
        var result = await RunAsync(roots =>
        {
            #region snippet
            roots
                .AddModel<PointsBelow>(family: "sampling", cost: 0.01)
                .CompareWith<RelativeDistance>()
                .ConvergeWhenAny(Consistency.Over(3).AtLeast(0.95), Stability.Over(4).AtLeast(0.99));      // three passes an iteration, whichever rule holds
            #endregion
        });

        Assert.Equal((Outcome.Converged, 1, 3), (result.Outcome, result.Iterations, result.Story.Passes));
        Assert.Equal(0.03, result.Story.Cost, 9);
    }

    [Theory(Timeout = Workplace.LimitMs)]
    [InlineData(null, Outcome.Converged)]
    [InlineData(0.9, Outcome.Unconverged)]
    public async Task A_window_longer_than_the_monitors_patience_fills_where_there_is_no_bar(double? bar, Outcome outcome)
    {
        var result = await RunAsync(roots =>
        {
            roots.AddModel("same", (_, _) => new(new Refinement<Root>(new Root(1), Confidence: 0.5))).ConvergeWhenAll(Stability.Over(9));
            if (bar is { } score) roots.AcceptAt(score);
        });

        Assert.Equal(outcome, result.Outcome);
    }

    [Fact(Timeout = Workplace.LimitMs)]
    public async Task A_class_without_a_rule_uses_up_its_budget()
    {
        var result = await RunAsync(roots => roots.AddModel<NewtonStep>().ScoreWith<Closeness>().AcceptAt(0.5).Limit(iterations: 12));

        Assert.Equal((Outcome.BudgetExhausted, 12), (result.Outcome, result.Iterations));
    }

    private static async Task<RefinementResult<Root>> RunAsync(Action<TaskClassBuilder<Number, Root>> configure)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Services.AddRqml(rqml => rqml.AddTaskClass(SquareRoots.SquareRoot, configure));
        using var host = builder.Build();
        await host.StartAsync();
        var task = await host.Services.GetRequiredService<IRqmlClient>().SubmitAsync(SquareRoots.SquareRoot, new Number(2), new SubmitOptions { IdempotencyKey = "root-of-2" });
        var result = await task.Completion;
        await host.StopAsync();
        return result;
    }
}
