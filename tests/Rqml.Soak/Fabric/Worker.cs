using System.Globalization;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Rqml.Hosting;

namespace Rqml.Soak.Fabric;

/// <summary>A process that works for an application elsewhere, with a store of its own, until it is killed.</summary>
internal static class Worker
{
    public const string Word = "fabric-worker";
    public const int Lanes = 4;

    /// <summary>
    /// Under this load there is always somebody easier: a task may wait for half a minute before it has its turn, by the default. Here whoever waits longer than some seconds is to
    /// be waiting for a node that does not answer.
    /// </summary>
    public static readonly TimeSpan AgeEvery = TimeSpan.FromSeconds(1);

    /// <param name="words">Folder, seed, number of its log, name of its node, address of the scheduler, address to listen at, milliseconds that each of its calls takes longer.</param>
    public static async Task RunAsync(string[] words)
    {
        var (folder, seed, log, node, scheduler, listen) = (words[0], ulong.Parse(words[1], CultureInfo.InvariantCulture), int.Parse(words[2], CultureInfo.InvariantCulture), words[3], words[4], words[5]);
        await using var journal = new Journal(folder, log);
        var models = new SoakModels(seed, journal, int.Parse(words[6], CultureInfo.InvariantCulture));
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Services.AddRqml(rqml =>
        {
            models.AddTo(rqml
                .JoinScheduler(scheduler)
                .Roles(NodeRoles.Worker)
                .UseRocksDb(Path.Combine(folder, "store", node))
                .Configure(options => (options.NodeName, options.Lanes, options.AgeEvery) = (node, Lanes, AgeEvery)));
            RealTransport.Of(listen).AddTo(rqml, listen);
        });
        using var host = builder.Build();
        await host.StartAsync();
        await Console.Out.WriteLineAsync("open");
        await Console.In.ReadLineAsync();
        await host.StopAsync();
    }
}
