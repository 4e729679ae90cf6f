using System.Collections.Concurrent;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Rqml.Hosting;
using Rqml.RealEtcd;
using Rqml.Scheduling;

namespace Rqml.Storage.Etcd.Tests.Hosts;

/// <summary>Hosts that lose the etcd that they agree over, and whoever led them.</summary>
public sealed class OutageHostsTests
{
    private const int LimitMs = 180_000;
    private static readonly TaskClass<int, int> Numbers = new("numbers");

    [Fact(Timeout = LimitMs)]
    public async Task With_etcd_and_the_leader_killed_a_hosts_own_tasks_are_settled_and_all_of_them_once_when_both_are_back()
    {
        await using var servers = await EtcdServers.StartAsync();
        var begun = new ConcurrentDictionary<int, int>();
        var a = await StartAsync("a", servers.Endpoints, begun);
        await LeadsAsync(a);
        using var b = await StartAsync("b", servers.Endpoints, begun);
        var client = b.Services.GetRequiredService<IRqmlClient>();
        Assert.Equal(Outcome.Converged, (await (await client.SubmitAsync(Numbers, 0)).Completion).Outcome);      // b has a leader

        await servers.Members[0].KillAsync();
        await a.Services.GetRequiredService<RqmlHost>().Main.KillAsync();
        var tasks = new List<RefinementHandle<int>>();
        for (var number = 1; number <= 20; number++) tasks.Add(await client.SubmitAsync(Numbers, number));
        var keyed = await client.SubmitAsync(Numbers, 100, new SubmitOptions { PartitionKey = "key" });
        foreach (var task in tasks) Assert.Equal((Outcome.Converged, "b"), ((await task.Completion).Outcome, (await task.Completion).Node!.Value.Value));
        Assert.False(keyed.Completion.IsCompleted);

        servers.Members[0].Start();
        await a.StopAsync();
        a.Dispose();
        using var again = await StartAsync("a", servers.Endpoints, begun);
        Assert.Equal(Outcome.Converged, (await keyed.Completion).Outcome);
        var later = await again.Services.GetRequiredService<IRqmlClient>().SubmitAsync(Numbers, 101);
        Assert.Equal(Outcome.Converged, (await later.Completion).Outcome);
        Assert.Equal(1 + 20 + 2, begun.Count);
        Assert.All(begun, task => Assert.Equal(1, task.Value));
        await again.StopAsync();
        await b.StopAsync();
    }

    private static async Task<IHost> StartAsync(string node, string endpoints, ConcurrentDictionary<int, int> begun)
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Services.AddRqml(rqml => rqml
            .AddTaskClass(Numbers, numbers => numbers
                .AddModel("say it again", (context, _) =>
                {
                    if (context.Iteration == 1) begun.AddOrUpdate(context.Payload, 1, (_, before) => before + 1);
                    return new(context.Payload);
                })
                .ConvergeWhenAll(Stability.Over(2)))
            .AddTcp()
            .UseEtcd(endpoints)
            .Configure(options => (options.NodeName, options.WorkAloneAfter) = (node, TimeSpan.FromSeconds(5))));
        var host = builder.Build();
        await host.StartAsync();
        return host;
    }

    private static async Task LeadsAsync(IHost host)
    {
        while (!(await host.Services.GetRequiredService<IScheduler>().GetStatisticsAsync()).IsActive) await Task.Delay(20);
    }
}
