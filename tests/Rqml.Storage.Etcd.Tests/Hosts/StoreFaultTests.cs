using Microsoft.Extensions.DependencyInjection;
using Rqml.Cluster;
using Rqml.FaultProxy;
using Rqml.RealEtcd;
using Rqml.Storage.Etcd.Tests.Servers;

namespace Rqml.Storage.Etcd.Tests.Hosts;

/// <summary>What hosts do while etcd refuses them, is elsewhere, or seems not to answer.</summary>
public sealed class StoreFaultTests
{
    private const int LimitMs = 90_000;

    [Fact(Timeout = LimitMs)]
    public async Task Where_nobody_listens_at_the_address_the_host_starts_takes_tasks_and_says_so()
    {
        var address = $"http://127.0.0.1:{FreePort.Next()}";
        await using var host = await ClusterHost.StartAsync("alone", address);
        var task = await host.Client.SubmitAsync(ClusterHost.Halves, 8);
        await host.UntilSaidAsync($"Warning 4201");
        Assert.Contains(host.Lines, line => line.StartsWith("Warning 4201", StringComparison.Ordinal) && line.Contains(address, StringComparison.Ordinal));
        Assert.False(task.Completion.IsCompleted);
        Assert.False(await host.LeadsAsync());
    }

    [Fact(Timeout = LimitMs)]
    public async Task A_host_whose_password_is_refused_starts_says_so_once_and_runs_its_tasks_when_it_is_right()
    {
        await using var servers = await EtcdServers.StartAsync();
        using var operators = new Operator(servers);
        await operators.KnowUserAsync("node", "another", "/rqml/");
        await using var host = await ClusterHost.StartAsync("refused", servers.Endpoints, rqml =>
        {
            rqml.AddTaskClass(ClusterHost.Halves, ClusterHost.HalfUntilOne);
            rqml.Services.Configure<EtcdOptions>(etcd => (etcd.UserName, etcd.Password) = ("node", "the node's"));
        });
        var task = await host.Client.SubmitAsync(ClusterHost.Halves, 8);
        await host.UntilSaidAsync("Error 4203");
        Assert.False(task.Completion.IsCompleted);

        await operators.ChangePasswordAsync("node", "the node's");
        Assert.Equal(Outcome.Converged, (await task.Completion).Outcome);
        Assert.Equal(1, host.Said("Error 4203"));
        Assert.Equal(0, host.Said("the node's"));
    }

    [Fact(Timeout = LimitMs)]
    public async Task While_etcd_is_full_tasks_go_on_under_the_leader_that_is_and_there_is_another_once_there_is_room()
    {
        await using var servers = await EtcdServers.StartAsync(1, null, "--quota-backend-bytes", $"{4 << 20}");
        var leading = await ClusterHost.StartAsync("leading", servers.Endpoints);
        await leading.UntilLeadsAsync();
        await using var other = await ClusterHost.StartAsync("other", servers.Endpoints);
        await other.ConvergesAsync();
        await using var store = servers.Open();
        await FillAsync(store);

        await leading.ConvergesAsync();
        await other.ConvergesAsync();
        await leading.DisposeAsync();
        var waiting = await other.Client.SubmitAsync(ClusterHost.Halves, 8);
        await other.UntilSaidAsync("Error 4203");      // that it wants to lead
        Assert.False(await other.LeadsAsync());
        Assert.False(waiting.Completion.IsCompleted);

        await MakeRoomAsync(servers, store);
        Assert.Equal(Outcome.Converged, (await waiting.Completion).Outcome);
        Assert.True(await other.LeadsAsync());
    }

    [Fact(Timeout = LimitMs)]
    public async Task Tasks_go_on_while_a_proxy_swallows_what_etcd_answers_the_leader_and_afterwards()
    {
        await using var servers = await EtcdServers.StartAsync();
        await using var detour = Detour.To(servers);
        await using var leading = await ClusterHost.StartAsync("leading", detour.Endpoints);
        await leading.UntilLeadsAsync();
        await using var other = await ClusterHost.StartAsync("other", servers.Endpoints);
        await other.ConvergesAsync();

        detour.SwallowAnswers();
        await leading.UntilSaidAsync("Warning 4201");      // it has waited for an answer in vain
        await other.ConvergesAsync();
        await leading.ConvergesAsync();
        detour.Mend();
        await leading.UntilSaidAsync("Information 4202");
        await other.ConvergesAsync();
        await leading.ConvergesAsync();
    }

    private static async Task FillAsync(EtcdCoordinationStore store)
    {
        var value = new byte[64 << 10];
        try
        {
            for (var number = 0; ; number++) await store.CommitAsync(new CoordinationTransaction([], [new Change.Put($"/full/{number:d4}", value)]), CancellationToken.None);
        }
        catch (CoordinationRefusedException refused)
        {
            Assert.Equal(CoordinationRefusal.NoSpace, refused.Refusal);
        }
    }

    private static async Task MakeRoomAsync(EtcdServers servers, EtcdCoordinationStore store)
    {
        var all = (await store.ReadAsync("/full/", CancellationToken.None)).Entries;
        var result = await store.CommitAsync(new CoordinationTransaction([], [.. all.Take(CoordinationTransaction.MaxChanges).Select(entry => new Change.Delete(entry.Key))]), CancellationToken.None);
        using var operators = new Operator(servers);
        await operators.CompactAsync(result.Revision);
        await operators.EndAlarmAsync();
    }
}
