using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Rqml;
using Rqml.Hosting;

namespace TwoProcesses;

/// <summary>Submits tasks, schedules them on whoever has joined, and hears how they end. It runs none itself.</summary>
internal static class Submitter
{
    public static async Task RunAsync(Transport transport, int tasks)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Services.AddRqml(rqml => transport.AddTo(rqml, transport.Address)
            .AddSquareRoots()
            .Roles(NodeRoles.Client | NodeRoles.Scheduler)
            .Configure(options => options.NodeName = "submitter"));
        using var host = builder.Build();
        await host.StartAsync();
        var client = host.Services.GetRequiredService<IRqmlClient>();

        var handles = new List<RefinementHandle<double>>();
        for (var number = 1; number <= tasks; number++) handles.Add(await client.SubmitAsync(SquareRoots.Class, number * 100));
        foreach (var handle in handles)
        {
            var result = await handle.Completion;
            Console.WriteLine($"{result.Artifact,10:0.000000}  {result.Outcome} after {result.Iterations} iterations on {result.Node}");
        }

        await host.StopAsync();
    }
}
