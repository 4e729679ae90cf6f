using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Rqml.Nodes;
using Rqml.Scheduling;
using static Rqml.Docs.Tests.Snippets.SquareRoots;

namespace Rqml.Docs.Tests.Snippets;

public sealed record Brief(string Text);

public sealed record Draft(string Text);

#region snippet
/// <summary>A draft by a language model behind HTTP: first from the brief, then from the last draft and what the validators said of it.</summary>
public sealed class Writer(HttpClient http) : IRefinementModel<Brief, Draft>
{
    public async ValueTask<Refinement<Draft>> RefineAsync(RefinementContext<Brief, Draft> context, CancellationToken cancellationToken)
    {
        var prompt = context.HasArtifact ? $"Improve this. {context.Refusal}\n\n{context.Artifact!.Text}" : context.Payload.Text;
        using var response = await http.PostAsync("draft", new StringContent(prompt), cancellationToken);
        if (response.StatusCode == HttpStatusCode.TooManyRequests) throw new ModelOverloadedException(response.Headers.RetryAfter?.Delta);
        response.EnsureSuccessStatusCode();
        return new Draft(await response.Content.ReadAsStringAsync(cancellationToken));
    }
}
#endregion

[Collection(Workplace.OneAtATime)]
public sealed class HowTo : IDisposable
{
    private static readonly TaskClass<Brief, Draft> Writing = new("writing");

    private readonly Workplace _workplace = new();

    public void Dispose() => _workplace.Dispose();

    [Fact(Timeout = Workplace.LimitMs)]
    public async Task A_model_calls_a_service_and_waits_where_that_has_too_much_to_do()
    {
        using var stub = new Service();
        var builder = Host.CreateEmptyApplicationBuilder(null);
        var service = Service.Address;
        #region snippet
        builder.Services.AddSingleton(new HttpClient { BaseAddress = service });
        builder.Services.AddRqml(rqml => rqml
            .AddTaskClass(Writing, drafts => drafts
                .AddModel<Writer>(concurrency: ModelConcurrency.Adaptive(from: 2, to: 16))
                .CompareWith(Similarity.TokenSet<Draft>(draft => draft.Text))
                .ConvergeWhenAll(Stability.Over(2).AtLeast(0.95))
                .Limit(iterations: 8, passes: 20, beatTimeout: TimeSpan.FromMinutes(2)))
            .Configure(options => options.Lanes = 32));
        #endregion
        builder.Services.AddSingleton(new HttpClient(stub) { BaseAddress = service });
        using var host = builder.Build();
        await host.StartAsync();
        var task = await host.Services.GetRequiredService<IRqmlClient>().SubmitAsync(Writing, new Brief("a letter"));
        var result = await task.Completion;
        await host.StopAsync();

        Assert.Equal((Outcome.Converged, "Dear Sir"), (result.Outcome, result.Artifact.Text));
        Assert.Equal(3, stub.Calls);
    }

    [Fact(Timeout = Workplace.LimitMs)]
    public async Task Many_tasks_are_submitted_looked_at_and_cancelled()
    {
        _workplace.TakeConsole();
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Services.AddRqml(rqml => rqml
            .AddTaskClass(SquareRoot, roots => roots.AddModel<NewtonStep>().ConvergeWhenAll(Stability.Over(2).AtLeast(1)))
            .Configure(options => options.KeepResults = TimeSpan.FromHours(1)));
        using var host = builder.Build();
        await host.StartAsync();
        var (rqml, node) = (host.Services.GetRequiredService<IRqmlClient>(), host.Services.GetRequiredService<INodeOrchestrator>());
        var numbers = Enumerable.Range(1, 300).Select(number => new Number(number)).ToAsyncEnumerable();
        #region snippet
        var handles = new List<RefinementHandle<Root>>();
        await foreach (RefinementHandle<Root> handle in rqml.SubmitAllAsync(SquareRoot, numbers)) handles.Add(handle);
        RefinementResult<Root>[] results = await Task.WhenAll(handles.Select(handle => handle.Completion));
        #endregion
        Assert.Equal(300, results.Count(result => result.Outcome == Outcome.Converged));

        #region snippet
        NodeQueues queues = await node.GetQueuesAsync();      // INodeOrchestrator
        Console.WriteLine($"{node.Phase}: {queues.Running} of {queues.Lanes} lanes, {queues.Inbound.Waiting} wait, {queues.Outbound} results to deliver");
        #endregion
        Assert.StartsWith("Active: ", _workplace.Printed.ToString(), StringComparison.Ordinal);

        var later = await rqml.SubmitAsync(SquareRoot, new Number(2), new SubmitOptions { NotBefore = TimeSpan.FromHours(1) });
        var (task, scheduler) = (later, host.Services.GetRequiredService<IScheduler>());
        #region snippet
        SchedulerStatistics pool = await scheduler.GetStatisticsAsync();      // IScheduler, where IsActive
        foreach (NodeStatistics at in pool.Nodes) Console.WriteLine($"{at.Node} is {at.Standing} and has {at.Assigned} of {at.Limit} tasks, weight {at.Weight.Value:0.00}");
        PlacementDecision? placed = await scheduler.ExplainAsync(task.Id);    // null while it waits, or where there was no choice
        #endregion
        Assert.Contains("local is Active and has 0 of ", _workplace.Printed.ToString(), StringComparison.Ordinal);
        Assert.Null(placed);
        #region snippet
        await foreach (RefinementStatus status in rqml.ListAsync(new TaskFilter { Class = "square-root" }))
        {
            if (status.State != RefinementState.Settled) await rqml.CancelAsync(status.Id);
        }
        #endregion
        Assert.Equal(Outcome.Cancelled, (await later.Completion).Outcome);

        var first = await rqml.SubmitAsync(SquareRoot, new Number(2), new SubmitOptions { IdempotencyKey = "order-4711" });
        #region snippet
        RefinementHandle<Root> same = await rqml.SubmitAsync(SquareRoot, new Number(2), new SubmitOptions { IdempotencyKey = "order-4711" });
        #endregion
        Assert.Equal(first.Id, same.Id);
        Assert.Equal((await first.Completion).Artifact, (await same.Completion).Artifact);
        await host.StopAsync();
    }

    [Fact(Timeout = Workplace.LimitMs)]
    public async Task A_task_of_a_version_that_is_not_registered_waits_until_it_is()
    {
        var (old, now) = (new TaskClass<double, double>("root"), new TaskClass<double, double>("root", version: 2));
        TaskId id;
        using (var first = await StartAsync(old))
        {
            var task = await first.Services.GetRequiredService<IRqmlClient>().SubmitAsync(old, 2, new SubmitOptions { NotBefore = TimeSpan.FromSeconds(1) });
            id = task.Id;
            await first.StopAsync();
        }

        using (var second = await StartAsync(now))
        {
            var rqml = second.Services.GetRequiredService<IRqmlClient>();
            await (await rqml.SubmitAsync(now, 2, new SubmitOptions { NotBefore = TimeSpan.FromSeconds(2) })).Completion;
            var waiting = await rqml.ListAsync(new TaskFilter { Class = "root" }).SingleAsync(status => status.Id == id);
            Assert.Null(waiting.Outcome);
            await second.StopAsync();
        }

        using var third = await StartAsync(now, old);
        var again = await third.Services.GetRequiredService<IRqmlClient>().AttachAsync(old, id);
        Assert.Equal(Outcome.Converged, (await again.Completion).Outcome);
        await third.StopAsync();
    }

    private async Task<IHost> StartAsync(params TaskClass<double, double>[] classes)
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Services.AddRqml(rqml =>
        {
            foreach (var @class in classes) rqml.AddTaskClass(@class, root => root.AddModel("same", (task, _) => new(task.Payload)).ConvergeWhenAll(Stability.Over(2)));
            rqml.UseRocksDb(Path.Combine(_workplace.Folder, "versions"));
        });
        var host = builder.Build();
        await host.StartAsync();
        return host;
    }

    /// <summary>Refuses the first call as one too many, and says the same from then on.</summary>
    private sealed class Service : HttpMessageHandler
    {
        public static Uri Address { get; } = new("http://model.invalid/");

        public int Calls { get; private set; }

        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
            Task.FromResult(++Calls == 1 ? new HttpResponseMessage(HttpStatusCode.TooManyRequests) : new HttpResponseMessage(HttpStatusCode.OK) { Content = new StringContent("Dear Sir") });
    }
}
