using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using static Rqml.Docs.Tests.Snippets.SquareRoots;

namespace Rqml.Docs.Tests.Snippets;

[Collection(Workplace.OneAtATime)]
public sealed class FirstTask : IDisposable
{
    private readonly Workplace _workplace = new();

    public void Dispose() => _workplace.Dispose();

    [Fact(Timeout = Workplace.LimitMs)]
    public async Task The_first_task_is_submitted_followed_cancelled_and_found_again()
    {
        using var first = await StartAsync(_workplace.Folder);
        var rqml = first.Services.GetRequiredService<IRqmlClient>();
        #region snippet
        RefinementHandle<Root> task = await rqml.SubmitAsync(SquareRoot, new Number(2), new SubmitOptions
        {
            IdempotencyKey = "root-of-2",                              // submitted again, it is the same task
            Deadline = TimeSpan.FromMinutes(5),                        // settled by then, wherever it is
            Budget = new TaskBudget { Iterations = 20 },
        });
        #endregion
        #region snippet
        await foreach (Iteration<Root> step in task.Iterations())
        {
            Console.WriteLine($"{step.Number}: {step.Artifact.Value} by {step.Model}, score {step.Score:f4}");
        }
        #endregion
        #region snippet
        RefinementResult<Root> result = await task.Completion;
        Console.WriteLine($"{result.Outcome}: {result.Artifact.Value} by {result.Model} after {result.Iterations} iterations");
        #endregion
        Assert.Equal(Outcome.Converged, result.Outcome);
        Assert.Equal(Math.Sqrt(2), result.Artifact.Value, 6);
        Assert.Equal((nameof(NewtonStep), 5), (result.Model, result.Iterations));

        #region snippet
        switch (await rqml.TrySubmitAsync(SquareRoot, new Number(2), new SubmitOptions { IdempotencyKey = "root-of-2" }))
        {
            case SubmitOutcome<Root>.Accepted accepted: Console.WriteLine($"{accepted.Handle.Id} is taken, and durable"); break;
            case SubmitOutcome<Root>.Existing existing: Console.WriteLine($"{existing.Handle.Id} has that key"); break;
            case SubmitOutcome<Root>.Full full: Console.WriteLine($"full; try again in {full.RetryAfter}"); break;
            case SubmitOutcome<Root>.ShuttingDown: Console.WriteLine("the host is stopping"); break;
        }
        #endregion
        Assert.Contains($"{task.Id} has that key", _workplace.Printed.ToString(), StringComparison.Ordinal);

        #region snippet
        RefinementHandle<Root> later = await rqml.SubmitAsync(SquareRoot, new Number(3), new SubmitOptions { NotBefore = TimeSpan.FromDays(1) });
        bool isCancelled = await later.CancelAsync();                  // durable; false where the task was settled before
        #endregion
        Assert.True(isCancelled);
        Assert.Equal(Outcome.Cancelled, (await later.Completion).Outcome);

        var id = task.Id;
        await first.StopAsync();
        using var second = await StartAsync(_workplace.Folder);
        rqml = second.Services.GetRequiredService<IRqmlClient>();
        #region snippet
        RefinementHandle<Root> again = await rqml.AttachAsync(SquareRoot, id);         // after a restart, by the id alone
        RefinementResult<Root> kept = await again.Completion;
        #endregion
        Assert.Equal(result.ArtifactBytes.ToArray(), kept.ArtifactBytes.ToArray());

        #region snippet
        await foreach (RefinementStatus status in rqml.ListAsync(new TaskFilter { Class = "square-root", State = RefinementState.Settled }))
        {
            Console.WriteLine($"{status.Id}: {status.Outcome} at {status.SettledAt}");
        }
        #endregion
        Assert.Contains($"{later.Id}: Cancelled at", _workplace.Printed.ToString(), StringComparison.Ordinal);
        await second.StopAsync();
    }

    [Fact(Timeout = Workplace.LimitMs)]
    public async Task A_number_without_a_root_fails_and_says_why()
    {
        var builder = NewBuilder(_workplace.Folder);
        #region snippet
        using IHost host = builder.Build();
        await host.StartAsync();                                       // a web app starts its nodes with itself
        IRqmlClient rqml = host.Services.GetRequiredService<IRqmlClient>();
        #endregion
        var task = await rqml.SubmitAsync(SquareRoot, new Number(-1));
        var result = await task.Completion;
        await host.StopAsync();

        Assert.Equal(Outcome.Failed, result.Outcome);
        Assert.Equal("ScoreOutOfRangeException: The scorer of task class 'square-root' gave 2; it must be a finite number from 0 to 1.", result.Reason);
    }

    private async Task<IHost> StartAsync(string folder)
    {
        _workplace.TakeConsole();
        var host = NewBuilder(folder).Build();
        await host.StartAsync();
        return host;
    }

    private static HostApplicationBuilder NewBuilder(string folder)
    {
        string[] args = [];
        #region snippet
        var builder = Host.CreateApplicationBuilder(args);
        builder.Services.AddRqml(rqml => rqml
            .AddTaskClass(SquareRoot, roots => roots
                .AddModel<RoughStep>(tier: 0, family: "rough")
                .AddModel<NewtonStep>(tier: 1, family: "newton", cost: 2)
                .ScoreWith<Closeness>()
                .CompareWith<RelativeDistance>()
                .ConvergeWhenAll(Stability.Over(2).AtLeast(0.9999))
                .AcceptAt(0.999)
                .ValidateWith<PositiveRoot>()
                .Limit(iterations: 50, time: TimeSpan.FromMinutes(1)))
            .UseRocksDb(folder));
        #endregion
        return builder;
    }
}
