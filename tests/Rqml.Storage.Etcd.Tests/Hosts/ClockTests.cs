using Rqml.Hosting;
using Rqml.RealEtcd;

namespace Rqml.Storage.Etcd.Tests.Hosts;

/// <summary>Machines whose clocks are an hour apart.</summary>
public sealed class ClockTests(ClockTests.Servers servers) : IClassFixture<ClockTests.Servers>
{
    private const int LimitMs = 60_000;
    private static readonly TaskClass<double, double> Endless = new("endless");

    [Theory(Timeout = LimitMs)]
    [InlineData(1)]
    [InlineData(-1)]
    public async Task A_deadline_is_as_long_as_it_is_wherever_the_task_runs_and_leadership_goes_over(int hours)
    {
        var cluster = $"clocks{hours}";
        var first = await StartAsync("first", cluster, new Shifted(TimeSpan.FromHours(hours)), NodeRoles.Worker | NodeRoles.Scheduler);
        await first.UntilLeadsAsync();
        await using var submitting = await StartAsync("submitting", cluster, TimeProvider.System, NodeRoles.Client);
        var sound = await submitting.Client.SubmitAsync(ClusterHost.Halves, 8, new SubmitOptions { Deadline = TimeSpan.FromSeconds(30), NotBefore = TimeSpan.FromMilliseconds(100) });
        Assert.Equal(Outcome.Converged, (await sound.Completion).Outcome);

        var began = TimeProvider.System.GetTimestamp();
        var endless = await submitting.Client.SubmitAsync(Endless, 8, new SubmitOptions { Deadline = TimeSpan.FromSeconds(1) });
        Assert.Equal(Outcome.DeadlineExceeded, (await endless.Completion).Outcome);
        Assert.InRange(TimeProvider.System.GetElapsedTime(began), TimeSpan.FromMilliseconds(999), TimeSpan.FromSeconds(20));      // the millisecond in which it was submitted counts whole

        await using var second = await StartAsync("second", cluster, TimeProvider.System, NodeRoles.Worker | NodeRoles.Scheduler);
        await first.DisposeAsync();
        await second.UntilLeadsAsync();
        Assert.Equal("second", (await submitting.ConvergesAsync()).Node?.Value);
    }

    private Task<ClusterHost> StartAsync(string node, string cluster, TimeProvider time, NodeRoles roles) => ClusterHost.StartAsync(
        node,
        servers.Running.Endpoints,
        rqml => rqml
            .AddTaskClass(ClusterHost.Halves, ClusterHost.HalfUntilOne)
            .AddTaskClass(Endless, endless => endless
                .AddModel("count", async (context, cancellationToken) =>
                {
                    await Task.Delay(20, cancellationToken);
                    return context.Artifact + 1;
                })
                .ConvergeWhenAll(Stability.Over(2).AtLeast(1))
                .Limit(iterations: 1_000_000))
            .Roles(roles)
            .Configure(options => options.Cluster = cluster),
        time);

    public sealed class Servers() : Contracts.RunningServers(() => EtcdServers.StartAsync());

    /// <summary>The time of day is another one; time passes as everywhere.</summary>
    private sealed class Shifted(TimeSpan by) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + by;
    }
}
