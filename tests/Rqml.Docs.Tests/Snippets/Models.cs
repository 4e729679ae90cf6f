using System.Collections.Concurrent;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Rqml.Docs.Tests.Snippets;

#region snippet
/// <summary>The share of random points below a curve, ten thousand at a time: long, alive, and the same wherever it runs.</summary>
public sealed class PointsBelow : IRefinementModel<Number, Root>
{
    public ValueTask<Refinement<Root>> RefineAsync(RefinementContext<Number, Root> context, CancellationToken cancellationToken)
    {
        var (below, all) = (0, 0);
        for (var batch = 0; batch < 10; batch++)
        {
            cancellationToken.ThrowIfCancellationRequested();          // revoked, past its deadline, or the host stops
            context.Beat();                                            // not hung
            for (var point = 0; point < 10_000; point++, all++)
            {
                var (x, y) = (context.Random.NextDouble(), context.Random.NextDouble());      // seeded: a resumed task draws the same
                if (y * y * context.Payload.Value < x) below++;
            }
        }

        return new(new Refinement<Root>(new Root((double)below / all), Confidence: 0.9, Cost: 0.01));
    }
}
#endregion

#region snippet
/// <summary>What a model writes outside: kept only where no later attempt has written.</summary>
public sealed class FencedShelf
{
    private readonly ConcurrentDictionary<TaskId, (Epoch Epoch, string Text)> _texts = new();

    public bool TryWrite(Attempt attempt, string text) =>
        _texts.AddOrUpdate(attempt.Task, (attempt.Epoch, text), (_, kept) => attempt.Epoch >= kept.Epoch ? (attempt.Epoch, text) : kept) == (attempt.Epoch, text);
}
#endregion

#region snippet
/// <summary>Newton's method, from a table of first guesses.</summary>
public sealed class FromTable : IRefinementModel<Number, Root>
{
    public ValueTask<Refinement<Root>> RefineAsync(RefinementContext<Number, Root> context, CancellationToken cancellationToken)
    {
        var number = context.Payload.Value;
        double[] guesses = context.Dataset<double[]>("guesses");      // one object for all passes: not to be changed
        var root = context.HasArtifact ? context.Artifact!.Value : guesses[Math.Min((int)number, guesses.Length - 1)];
        return new(new Root((root + number / root) / 2));
    }
}
#endregion

public sealed class Models
{
    [Fact(Timeout = Workplace.LimitMs)]
    public async Task A_model_reads_the_data_of_its_host()
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        #region snippet
        builder.Services.AddRqml(rqml => rqml
            .AddDataset("guesses", (services, cancellationToken) => new ValueTask<double[]>([0.7, 1, 1.4, 1.7, 2]))      // from a file, say
            .AddTaskClass(SquareRoots.SquareRoot, roots => roots
                .AddModel<FromTable>(concurrency: ModelConcurrency.Adaptive(from: 2, to: 32))
                .CompareWith<RelativeDistance>()
                .ConvergeWhenAll(Stability.Over(2).AtLeast(0.9999))));
        #endregion
        using var host = builder.Build();
        await host.StartAsync();
        var task = await host.Services.GetRequiredService<IRqmlClient>().SubmitAsync(SquareRoots.SquareRoot, new Number(2));
        var result = await task.Completion;
        await host.StopAsync();

        Assert.Equal((Outcome.Converged, 2), (result.Outcome, result.Iterations));
    }

    [Fact(Timeout = Workplace.LimitMs)]
    public async Task A_model_draws_the_same_numbers_for_the_same_key()
    {
        var results = new List<RefinementResult<Root>>();
        for (var run = 0; run < 2; run++)
        {
            var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
            builder.Services.AddRqml(rqml => rqml.AddTaskClass(SquareRoots.SquareRoot, roots => Configure(roots)));
            using var host = builder.Build();
            await host.StartAsync();
            var task = await host.Services.GetRequiredService<IRqmlClient>().SubmitAsync(SquareRoots.SquareRoot, new Number(2), new SubmitOptions { IdempotencyKey = "points" });
            results.Add(await task.Completion);
            await host.StopAsync();
        }

        Assert.Equal(results[0].Artifact, results[1].Artifact);
        Assert.Equal(Math.Sqrt(2) / 3, results[0].Artifact.Value, 2);      // the mean of the square root of x/2 over [0, 1]
    }

    [Fact]
    public void A_late_attempt_does_not_overwrite_its_successor()
    {
        var shelf = new FencedShelf();
        var task = default(TaskId);
        Assert.True(shelf.TryWrite(new Attempt(task, new Epoch(1, 1, 2)), "newer"));
        Assert.False(shelf.TryWrite(new Attempt(task, new Epoch(1, 1, 1)), "older"));
        Assert.True(shelf.TryWrite(new Attempt(task, new Epoch(1, 2, 1)), "newest"));
    }

    private static void Configure(TaskClassBuilder<Number, Root> roots)
    {
        #region snippet
        roots
            .AddModel<PointsBelow>(tier: 0, family: "sampling", cost: 0.01)
            .AddModel("halve", (context, _) => new(new Root(context.Artifact!.Value / 2)), tier: 1)      // a delegate will do
            .Limit(iterations: 1, beatTimeout: TimeSpan.FromSeconds(30));
        #endregion
    }
}
