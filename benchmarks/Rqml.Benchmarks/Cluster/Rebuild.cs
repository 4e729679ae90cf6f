using System.Diagnostics;
using Rqml.Benchmarks.Ratios;
using Rqml.Hosting;
using Rqml.RealEtcd;

namespace Rqml.Benchmarks.Cluster;

/// <summary>The leader is killed with so many tasks open: how long until a standby leads, and until it knows all of them.</summary>
internal static class Rebuild
{
    private const int Times = 3;
    private static readonly Member.Duty Duty = new(Lanes: 16, WaitMs: 3_600_000);
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    public static async Task<Figure> MeasureAsync(int tasks, TimeSpan? budget)
    {
        await using var etcd = await EtcdServers.StartBelowAsync(Path.GetTempPath());
        var schedulers = new List<MemberProcess>();
        for (var number = 0; number < 2; number++) schedulers.Add(await StartAsync(number));
        await using var worker = await MemberProcess.StartAsync("worker", etcd, NodeRoles.Worker, Duty);
        using var submitter = await Member.SubmitterAsync(etcd, Duty, tasks);
        var empty = await MostAsync(schedulers);
        await Work.DriveAsync(tasks, Work.InFlight, async number => await Member.SubmitAsync(submitter, number));
        var (leads, knows) = (new List<TimeSpan>(), new List<TimeSpan>());
        var started = schedulers.Count;
        _ = await KnowingAsync(schedulers, tasks);
        var perTask = (double)(await MostAsync(schedulers) - empty) / tasks;
        for (var time = 0; time < Times; time++)
        {
            var leader = await KnowingAsync(schedulers, tasks);
            schedulers.Remove(leader);
            var began = Stopwatch.GetTimestamp();
            await leader.DisposeAsync();
            var successor = schedulers[0];
            while (!(await successor.KnowsAsync()).Leads) await WaitAsync(began);
            leads.Add(Stopwatch.GetElapsedTime(began));
            while ((await successor.KnowsAsync()).Tasks < tasks) await WaitAsync(began);
            knows.Add(Stopwatch.GetElapsedTime(began));
            schedulers.Add(await StartAsync(started++));
        }

        foreach (var scheduler in schedulers) await scheduler.DisposeAsync();
        await worker.KillAsync();
        submitter.Dispose();
        leads.Sort();
        knows.Sort();
        return new Figure(FormattableString.Invariant($"leads after {leads[Times / 2].TotalSeconds:0.00} s, knows all after {knows[Times / 2].TotalSeconds:0.00} s (slowest {knows[^1].TotalSeconds:0.00} s); {perTask:0} B a task at the leader"), budget is null || knows[Times / 2] <= budget);

        Task<MemberProcess> StartAsync(int number) => MemberProcess.StartAsync($"scheduler-{number}", etcd, NodeRoles.Scheduler, Duty);
    }

    private static async Task<MemberProcess> KnowingAsync(List<MemberProcess> schedulers, int tasks)
    {
        for (var began = Stopwatch.GetTimestamp(); ; await WaitAsync(began))
        {
            foreach (var scheduler in schedulers)
            {
                if (await scheduler.KnowsAsync() is { Leads: true } known && known.Tasks == tasks) return scheduler;
            }
        }
    }

    private static async Task<long> MostAsync(List<MemberProcess> schedulers)
    {
        var most = 0L;
        foreach (var scheduler in schedulers) most = Math.Max(most, (await scheduler.KnowsAsync(isWeighed: true)).Bytes);
        return most;
    }

    private static Task WaitAsync(long began) => Stopwatch.GetElapsedTime(began) < Patience ? Task.Delay(5) : throw new TimeoutException($"{Patience.TotalSeconds:0} s were not enough.");
}
