using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Rqml.Hosting;

namespace Rqml.Soak.Fabric;

/// <summary>A process that schedules for others and does nothing else, with a store of its own, until its input ends. It has no model: what it does not know it cannot run.</summary>
internal static class Scheduler
{
    public const string Word = "fabric-scheduler";
    public const string Node = "scheduler";

    public static async Task RunAsync(string folder, string listen)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Services.AddRqml(rqml => RealTransport.Of(listen).AddTo(
            rqml
                .Roles(NodeRoles.Scheduler)
                .UseRocksDb(Path.Combine(folder, "store", Node))
                .Configure(options => (options.NodeName, options.AgeEvery) = (Node, Worker.AgeEvery)),
            listen));
        using var host = builder.Build();
        await host.StartAsync();
        await Console.Out.WriteLineAsync("open");
        await Console.In.ReadLineAsync();
        await host.StopAsync();
    }
}
