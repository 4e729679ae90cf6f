using Rqml.Hosting;

namespace Cluster;

/// <summary>One node of the cluster: a web host like any other. It works, schedules if it is elected, and shows itself at /health, /metrics and /queue_stats.</summary>
internal static class Node
{
    public const string Word = "node";

    /// <param name="args">Configuration, as from any other source: Etcd, Data, Rqml:NodeName and further options of Rqml.</param>
    public static async Task RunAsync(string[] args)
    {
        var builder = WebApplication.CreateBuilder(args);
        var data = builder.Configuration["Data"]!;
        using var calls = new CallLog(CallsOf(data));
        builder.Services.AddRqml(builder.Configuration.GetSection("Rqml"), rqml => rqml
            .AddBoards(calls)
            .UseEtcd(builder.Configuration["Etcd"]!)
            .AddTcp()      // at a port that is free; across machines tcp.Listen says which
            .UseRocksDb(Path.Combine(data, "store"))
            .Roles(NodeRoles.Worker | NodeRoles.Scheduler)
            .AddHttpEndpoints());

        await using var app = builder.Build();
        app.MapRqml();
        await app.StartAsync();
        await Console.Out.WriteLineAsync(app.Urls.Single());
        await Console.In.ReadLineAsync();      // until whoever started us wants, or is gone itself
        await app.StopAsync();
    }

    public static string CallsOf(string data) => Path.Combine(data, "calls");
}
