using Microsoft.Extensions.DependencyInjection;
using Rqml.Hosting;
using Rqml.RealEtcd;

namespace Rqml.Storage.Etcd.Tests.Hosts;

/// <summary>A node whose disk was put back to what it held some time ago, as from a snapshot of its machine.</summary>
public sealed class OlderDiskTests(OlderDiskTests.Servers servers) : IClassFixture<OlderDiskTests.Servers>
{
    private const int LimitMs = 60_000;

    [Fact(Timeout = LimitMs)]
    public async Task What_it_still_has_of_tasks_that_are_settled_is_dropped_and_it_works_on()
    {
        using var folder = new TemporaryFolder();
        var gate = new Gate();
        await using var leading = await ClusterHost.StartAsync("leading", servers.Running.Endpoints, rqml => Halving(rqml, gate).Roles(NodeRoles.Client | NodeRoles.Scheduler));
        var settled = await leading.Client.SubmitAsync(ClusterHost.Halves, 8);
        await using (await StartWorkerAsync(folder["now"], gate))
        {
            await gate.Entered;      // in the midst of the task, with checkpoints on the disk
        }

        Copy(folder["now"], folder["before"]);
        gate.Open();
        RefinementResult<double> result;
        await using (await StartWorkerAsync(folder["now"], gate))
        {
            result = await settled.Completion;
            Assert.Equal((Outcome.Converged, "worker"), (result.Outcome, result.Node?.Value));
            await leading.ConvergesAsync();
        }

        Directory.Delete(folder["now"], recursive: true);
        Directory.Move(folder["before"], folder["now"]);
        await using var back = await StartWorkerAsync(folder["now"], gate);
        await leading.UntilSaidAsync($"still had {settled.Id}");
        Assert.Contains(back.Lines, line => line.StartsWith("Information 1007", StringComparison.Ordinal) && line.Contains("1 unfinished attempts", StringComparison.Ordinal));

        for (var tasks = 0; tasks < 10; tasks++) await leading.ConvergesAsync();
        var again = await (await leading.Client.AttachAsync(ClusterHost.Halves, settled.Id)).Completion;
        Assert.Equal((result.Attempt, result.SettledAt), (again.Attempt, again.SettledAt));
    }

    private Task<ClusterHost> StartWorkerAsync(string folder, Gate gate) =>
        ClusterHost.StartAsync("worker", servers.Running.Endpoints, rqml => Halving(rqml, gate).UseRocksDb(folder).Roles(NodeRoles.Worker));

    private static IRqmlBuilder Halving(IRqmlBuilder rqml, Gate gate) => rqml
        .AddTaskClass(ClusterHost.Halves, halves => halves
            .AddModel("halve", async (context, cancellationToken) =>
            {
                if (context.Iteration > 2) await gate.PassAsync(cancellationToken);
                return context.HasArtifact ? Math.Max(1, context.Artifact / 2) : context.Payload;
            })
            .ConvergeWhenAll(Stability.Over(2)))
        .Configure(options => (options.DrainTimeout, options.KeepResults) = (TimeSpan.FromSeconds(1), TimeSpan.FromHours(1)));

    private static void Copy(string from, string to)
    {
        Directory.CreateDirectory(to);
        foreach (var folder in Directory.EnumerateDirectories(from, "*", SearchOption.AllDirectories)) Directory.CreateDirectory(Path.Combine(to, Path.GetRelativePath(from, folder)));
        foreach (var file in Directory.EnumerateFiles(from, "*", SearchOption.AllDirectories)) File.Copy(file, Path.Combine(to, Path.GetRelativePath(from, file)));
    }

    public sealed class Servers() : Contracts.RunningServers(() => EtcdServers.StartAsync());

    /// <summary>Where a model waits until it is let through.</summary>
    private sealed class Gate
    {
        private readonly TaskCompletionSource _entered = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly TaskCompletionSource _opened = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Entered => _entered.Task;

        public void Open() => _opened.TrySetResult();

        public Task PassAsync(CancellationToken cancellationToken)
        {
            _entered.TrySetResult();
            return _opened.Task.WaitAsync(cancellationToken);
        }
    }
}
