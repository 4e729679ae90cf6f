using System.Globalization;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Rqml.Hosting;
using Rqml.Messaging;
using Rqml.Soak.Fabric;

namespace Rqml.Soak.Cluster;

/// <summary>A process that works for a cluster's applications, and schedules for them if it is elected, with a store of its own, until it is killed.</summary>
internal static class ClusterNode
{
    public const string Word = "cluster-node";

    /// <summary>Told to it: from now on nothing goes out of it and nothing comes in, until <see cref="Heal"/>.</summary>
    public const string Cut = "cut";

    public const string Heal = "heal";

    /// <param name="words">Folder, seed, number of its log, name, endpoint of etcd, address to listen at, milliseconds that each call takes longer, lanes.</param>
    /// <param name="commands">Where it is told to be cut off.</param>
    public static async Task RunAsync(string[] words, TextReader commands)
    {
        var (folder, seed, log, node, etcd, listen) = (words[0], ulong.Parse(words[1], CultureInfo.InvariantCulture), int.Parse(words[2], CultureInfo.InvariantCulture), words[3], words[4], words[5]);
        await using var journal = new Journal(folder, log);
        var lanes = int.Parse(words[7], CultureInfo.InvariantCulture);
        var models = new SoakModels(seed, journal, int.Parse(words[6], CultureInfo.InvariantCulture));
        var line = new PartitionLine();
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Logging.AddProvider(new LineLog(LineLog.PathOf(folder, node)));
        builder.Services.AddRqml(rqml =>
        {
            models.AddTo(rqml
                .UseEtcd(etcd)
                .Roles(NodeRoles.Worker | NodeRoles.Scheduler)
                .UseRocksDb(Path.Combine(folder, "store", node))
                .Configure(options => (options.NodeName, options.Lanes, options.InboundPerLane, options.AgeEvery) = (node, lanes, 1, Worker.AgeEvery)));
            rqml.Services.AddSingleton<ITransport>(new PartitionedTransport(RealTransport.Of(listen).Create(), new Uri(listen), line));
        });
        using var host = builder.Build();
        await host.StartAsync();
        await Console.Out.WriteLineAsync("open");
        while (await commands.ReadLineAsync() is { } command) line.IsCut = command == Cut;
        await host.StopAsync();
    }
}
