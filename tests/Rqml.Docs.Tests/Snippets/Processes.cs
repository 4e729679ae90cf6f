using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Rqml.Hosting;
using static Rqml.Docs.Tests.Snippets.SquareRoots;

namespace Rqml.Docs.Tests.Snippets;

public sealed class Processes
{
    [Fact(Timeout = Workplace.LimitMs)]
    public async Task A_worker_joins_a_submitter_over_tcp()
    {
        using var submitter = Submitter();
        using var worker = Worker();
        await worker.StartAsync();      // before its scheduler is there
        await submitter.StartAsync();
        var task = await submitter.Services.GetRequiredService<IRqmlClient>().SubmitAsync(SquareRoot, new Number(2));
        var result = await task.Completion;
        await worker.StopAsync();
        await submitter.StopAsync();

        Assert.Equal((Outcome.Converged, new NodeId("worker-1")), (result.Outcome, result.Node));
    }

    private static IHost Submitter()
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        #region snippet
        builder.Services.AddRqml(rqml => rqml
            .AddTaskClass(SquareRoot, roots => roots.AddModel<NewtonStep>().ConvergeWhenAll(Stability.Over(2)))
            .AddTcp(tcp => tcp.Listen = "tcp://127.0.0.1:7400")
            .Roles(NodeRoles.Client | NodeRoles.Scheduler)
            .Configure(options => options.NodeName = "submitter"));
        #endregion
        return builder.Build();
    }

    private static IHost Worker()
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        #region snippet
        builder.Services.AddRqml(rqml => rqml
            .AddTaskClass(SquareRoot, roots => roots.AddModel<NewtonStep>().ConvergeWhenAll(Stability.Over(2)))
            .AddTcp()
            .JoinScheduler("tcp://127.0.0.1:7400")
            .Roles(NodeRoles.Worker)
            .Configure(options => options.NodeName = "worker-1"));
        #endregion
        return builder.Build();
    }
}
