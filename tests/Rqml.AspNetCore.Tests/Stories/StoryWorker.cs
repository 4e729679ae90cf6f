using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Rqml.Hosting;

namespace Rqml.AspNetCore.Tests.Stories;

/// <summary>A worker in a process of its own, which says its log on its output. Its model holds every task until somebody makes the file <c>open</c> in its folder.</summary>
internal static class StoryWorker
{
    public const string OpenFile = "open";

    public static readonly TaskClass<int, int> Held = new("held");

    public static async Task<int> RunAsync(string name, string address, string folder)
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Logging.AddProvider(new LogLines(Console.Out));
        builder.Services.AddRqml(rqml => AddTo(rqml, folder)
            .AddTcp(tcp => tcp.Listen = "tcp://127.0.0.1:0")
            .UseRocksDb(Path.Combine(folder, name))
            .JoinScheduler(address)
            .Roles(NodeRoles.Worker)
            .Configure(options => (options.NodeName, options.Lanes) = (name, 8)));
        using var host = builder.Build();
        await host.StartAsync();
        while (await Console.In.ReadLineAsync() is not null) { }
        await host.StopAsync();
        return 0;
    }

    public static IRqmlBuilder AddTo(IRqmlBuilder rqml, string folder) => rqml.AddTaskClass(Held, held => held
        .AddModel("holds", async (task, cancellationToken) =>
        {
            // Another process opens the door: there is nothing to wait for but the file.
            while (!File.Exists(Path.Combine(folder, OpenFile))) await Task.Delay(20, cancellationToken);
            return task.Payload;
        })
        .ConvergeWhenAll(Stability.Over(2)));
}
