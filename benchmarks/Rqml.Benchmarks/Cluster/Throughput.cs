using System.Diagnostics;
using Rqml.Benchmarks.Ratios;
using Rqml.Hosting;
using Rqml.RealEtcd;

namespace Rqml.Benchmarks.Cluster;

/// <summary>The same tasks from one submitter over one, two and four worker processes: with a model that waits, as for an answer from elsewhere, and with one that is done at once.</summary>
internal static class Throughput
{
    private static readonly TimeSpan Warmup = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan Time = TimeSpan.FromSeconds(8);

    public static Task<Figure> WaitingAsync() => MeasureAsync(new Member.Duty(Lanes: 32, WaitMs: 50));

    public static Task<Figure> WorkingAsync() => MeasureAsync(new Member.Duty(Lanes: 8, WaitMs: 0));

    private static async Task<Figure> MeasureAsync(Member.Duty duty)
    {
        var one = await PerSecondAsync(1, duty);
        var two = await PerSecondAsync(2, duty);
        var four = await PerSecondAsync(4, duty);
        return new Figure(FormattableString.Invariant($"{one:#,0}/s; two {two:#,0}/s ({two / one:0.00}×); four {four:#,0}/s ({four / one:0.00}×)"), IsKept: true);
    }

    private static async Task<double> PerSecondAsync(int processes, Member.Duty duty)
    {
        await using var etcd = await EtcdServers.StartBelowAsync(Path.GetTempPath());
        var members = new List<MemberProcess> { await MemberProcess.StartAsync("scheduler", etcd, NodeRoles.Scheduler, duty) };
        for (var number = 0; number < processes; number++) members.Add(await MemberProcess.StartAsync($"node-{number}", etcd, NodeRoles.Worker, duty));
        using var submitter = await Member.SubmitterAsync(etcd, duty);
        var settled = 0L;
        var isOver = false;
        var callers = Enumerable.Range(0, Work.InFlight).Select(CallAsync).ToArray();
        await Task.Delay(Warmup);
        var (before, began) = (Volatile.Read(ref settled), Stopwatch.GetTimestamp());
        await Task.Delay(Time);
        var perSecond = (Volatile.Read(ref settled) - before) / Stopwatch.GetElapsedTime(began).TotalSeconds;
        Volatile.Write(ref isOver, true);
        await Task.WhenAll(callers);
        foreach (var member in members) await member.DisposeAsync();
        await submitter.StopAsync();
        return perSecond;

        async Task CallAsync(int caller)
        {
            for (var number = (long)caller; !Volatile.Read(ref isOver); number += Work.InFlight)
            {
                await Member.RunOneAsync(submitter, number);
                Interlocked.Increment(ref settled);
            }
        }
    }
}
