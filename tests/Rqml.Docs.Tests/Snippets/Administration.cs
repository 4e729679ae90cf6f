using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Rqml.Administration;
using Rqml.Cluster;

namespace Rqml.Docs.Tests.Snippets;

[Collection(Workplace.OneAtATime)]      // it writes to the console that others read
public sealed class Administration : IDisposable
{
    private readonly Workplace _workplace = new();

    public void Dispose() => _workplace.Dispose();

    #region snippet
    public static readonly TaskClass<Number, Root> SquareRoot = new("square-root", RootJson.Default.Number, RootJson.Default.Root);
    public static readonly TaskClass<Number, Root> SquareRootV2 = new("square-root", RootJson.Default.Number, RootJson.Default.Root, version: 2);
    #endregion

    [Fact]
    public async Task An_operator_lists_drains_and_raises()
    {
        _workplace.TakeConsole();
        await using var store = new InMemoryCoordinationStore();
        using var host = await StartAsync("worker-3", store);
        using var patience = new CancellationTokenSource();
        #region snippet
        var administration = host.Services.GetRequiredService<IRqmlAdministration>();
        var cluster = await administration.ListNodesAsync();
        Console.WriteLine($"{cluster.Leader} leads in term {cluster.Term}");
        foreach (var node in cluster.Nodes)
        {
            Console.WriteLine($"{node.Id} {node.Standing}, heard {node.SinceHeard.TotalSeconds:0.0} s ago, holds {node.Held} tasks, runs {string.Join(", ", node.Classes)}");
        }
        #endregion
        Assert.StartsWith("worker-3 leads in term 1.", _workplace.Printed.ToString(), StringComparison.Ordinal);

        #region snippet
        await administration.DrainAsync(new NodeId("worker-3"), patience.Token);
        #endregion
        await administration.ResumeAsync(new NodeId("worker-3"));

        #region snippet
        var generation = await administration.RaiseGenerationAsync();
        #endregion
        Assert.Equal(2, generation);
        await host.StopAsync();
    }

    [Fact]
    public async Task An_operator_looks_after_parked_tasks()
    {
        await using var store = new InMemoryCoordinationStore();
        using var host = await StartAsync("keeper", store, rqml => rqml.Roles(Rqml.Hosting.NodeRoles.Client | Rqml.Hosting.NodeRoles.Scheduler));
        var task = await host.Services.GetRequiredService<IRqmlClient>().SubmitAsync(SquareRootV2, new Number(2));
        var administration = host.Services.GetRequiredService<IRqmlAdministration>();
        while ((await administration.ListParkedAsync()).Total == 0) await Task.Yield();
        #region snippet
        foreach (var parked in (await administration.ListParkedAsync()).Tasks)
        {
            if (parked.Why == ParkedFor.ServingNode) await administration.FailAsync(parked.Task, $"nobody runs {parked.Class} any more");
            else await administration.ReleaseAsync(parked.Task);
        }
        #endregion
        var result = await task.Completion;
        Assert.Equal((Outcome.Failed, "nobody runs square-root v2 any more"), (result.Outcome, result.Reason));
        await host.StopAsync();
    }

    private static async Task<IHost> StartAsync(string node, ICoordinationStore store, Action<IRqmlBuilder>? more = null)
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Services.AddRqml(rqml =>
        {
            rqml.AddTaskClass(SquareRoot, roots => roots.AddModel<NewtonStep>().ConvergeWhenAll(Stability.Over(2)))
                .AddTaskClass(SquareRootV2, roots => roots.AddModel<NewtonStep>().ConvergeWhenAll(Stability.Over(2)))
                .UseCoordinationStore("memory", _ => store)
                .Configure(options => options.NodeName = node);
            more?.Invoke(rqml);
        });
        var host = builder.Build();
        await host.StartAsync();
        return host;
    }
}
