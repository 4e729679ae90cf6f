using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Rqml.RealEtcd;
using Rqml.Scheduling;

namespace Rqml.Storage.Etcd.Tests.Hosts;

/// <summary>Hosts that know nothing of each other but the etcd that both name.</summary>
public sealed class TwoHostsTests(TwoHostsTests.Servers servers) : IClassFixture<TwoHostsTests.Servers>
{
    private const int LimitMs = 120_000;
    private static readonly TaskClass<double, double> Halves = new("halves");

    [Fact(Timeout = LimitMs)]
    public async Task Either_takes_tasks_and_when_the_one_that_leads_is_stopped_the_other_goes_on()
    {
        using var a = await StartAsync("a", servers.Running.Endpoints);
        await LeadsAsync(a);
        using var b = await StartAsync("b", servers.Running.Endpoints);
        await ConvergesAsync(a);
        await ConvergesAsync(b);
        await a.StopAsync();

        await ConvergesAsync(b);
        await LeadsAsync(b);
        await b.StopAsync();
    }

    [Fact(Timeout = LimitMs)]
    public async Task A_host_starts_before_its_store_and_runs_its_tasks_when_it_is_there()
    {
        await using var late = await EtcdServers.StartAsync();
        await late.Members[0].KillAsync();
        using var host = await StartAsync("early", late.Endpoints);
        var task = await host.Services.GetRequiredService<IRqmlClient>().SubmitAsync(Halves, 8);
        late.Members[0].Start();
        Assert.Equal(Outcome.Converged, (await task.Completion).Outcome);
        await host.StopAsync();
    }

    private static async Task<IHost> StartAsync(string node, string endpoints)
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Services.AddRqml(rqml => rqml
            .AddTaskClass(Halves, halves => halves
                .AddModel("halve", (context, _) => new(context.HasArtifact ? Math.Max(1, context.Artifact / 2) : context.Payload))
                .ConvergeWhenAll(Stability.Over(2)))
            .AddTcp()
            .UseEtcd(endpoints)
            .Configure(options => options.NodeName = node));
        var host = builder.Build();
        await host.StartAsync();
        return host;
    }

    private static async Task ConvergesAsync(IHost host)
    {
        var task = await host.Services.GetRequiredService<IRqmlClient>().SubmitAsync(Halves, 8);
        Assert.Equal(Outcome.Converged, (await task.Completion).Outcome);
    }

    private static async Task LeadsAsync(IHost host)
    {
        while (!(await host.Services.GetRequiredService<IScheduler>().GetStatisticsAsync()).IsActive) await Task.Delay(20);
    }

    public sealed class Servers() : Contracts.RunningServers(() => EtcdServers.StartAsync());
}
