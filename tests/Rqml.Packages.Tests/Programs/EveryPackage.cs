using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Rqml;
using Rqml.Testing;

// All three packages at work: a task is stored, the node that holds it is killed, and another host finds its result in the folder.
var halve = new TaskClass<double, double>("halve");
var first = await StartAsync();
var task = await first.Services.GetRequiredService<IRqmlClient>().SubmitAsync(halve, 8);
Console.WriteLine($"{(await task.Completion).Outcome}");
await first.KillNodeAsync("b");
await first.StopAsync();
first.Dispose();

using var second = await StartAsync();
var again = await second.Services.GetRequiredService<IRqmlClient>().AttachAsync(halve, task.Id);
Console.WriteLine($"found again: {(await again.Completion).Artifact}");
await second.StopAsync();

async Task<IHost> StartAsync()
{
    var builder = Host.CreateEmptyApplicationBuilder(null);
    builder.Services.AddRqml(rqml => rqml
        .AddTaskClass(halve, half => half
            .AddModel("halve", (context, _) => new(context.HasArtifact ? Math.Max(1, context.Artifact / 2) : context.Payload))
            .ConvergeWhenAll(Stability.Over(2)))
        .AddNode("b")
        .UseRocksDb("store"));
    var host = builder.Build();
    await host.StartAsync();
    return host;
}
