using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Rqml.Soak;

/// <summary>Hosts that join the application's scheduler over links, work, lose one of their two nodes as by a crash, and leave: one after the other, without end.</summary>
internal sealed class Guests(SoakModels models, int mostSeconds)
{
    private const string Node = "guest";
    private const string SecondNode = "guest-second";
    private readonly Random _random = new(mostSeconds);

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested) await StayAsync(cancellationToken);
    }

    private async Task StayAsync(CancellationToken cancellationToken)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Services.AddRqml(rqml => models.AddTo(rqml
            .JoinScheduler($"inproc://{Application.Node}")
            .Roles(Hosting.NodeRoles.Worker)
            .AddNode(SecondNode, node => node.Lanes(2))
            .Configure(options => (options.NodeName, options.Lanes) = (Node, 2))));
        using var host = builder.Build();
        await host.StartAsync(CancellationToken.None);
        await PauseAsync(cancellationToken);
        await Testing.NodeFaults.KillNodeAsync(host, SecondNode);
        await PauseAsync(cancellationToken);
        await host.StopAsync(CancellationToken.None);
    }

    private async Task PauseAsync(CancellationToken cancellationToken) =>
        await Task.Delay(_random.Next(500, mostSeconds * 500), cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
}
