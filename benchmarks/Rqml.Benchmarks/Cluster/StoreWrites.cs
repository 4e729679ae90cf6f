using System.Diagnostics;
using Rqml.Benchmarks.Ratios;
using Rqml.Hosting;
using Rqml.RealEtcd;

namespace Rqml.Benchmarks.Cluster;

/// <summary>What etcd has to write for a cluster of four processes: idle, for tasks by the thousand, and for tasks that run for longer than a second, whose checkpoints are copied.</summary>
internal static class StoreWrites
{
    /// <summary>DESIGN's bound for a whole cluster.</summary>
    private const double MostPerSecond = 100;

    private static readonly TimeSpan Idle = TimeSpan.FromSeconds(10);

    public static async Task<Figure> MeasureAsync()
    {
        var (idle, _, _) = await CountAsync(new Member.Duty(Lanes: 32, WaitMs: 0), tasks: 0);
        var (_, few, _) = await CountAsync(new Member.Duty(Lanes: 32, WaitMs: 0), tasks: 1_000);
        var (_, many, _) = await CountAsync(new Member.Duty(Lanes: 32, WaitMs: 0), tasks: 50_000);
        var (_, copied, seconds) = await CountAsync(new Member.Duty(Lanes: 32, WaitMs: 250, Calls: 8), tasks: 1_000);
        return new Figure(
            FormattableString.Invariant($"idle {idle:0.0} a second; {few} for 1,000 short tasks, {many} for 50,000; {copied} for 1,000 of two seconds, {copied / seconds:0.0} a second"),
            copied / seconds <= MostPerSecond && many <= few + (MostPerSecond * 10));
    }

    private static async Task<(double IdlePerSecond, long Writes, double Seconds)> CountAsync(Member.Duty duty, int tasks)
    {
        await using var etcd = await EtcdServers.StartBelowAsync(Path.GetTempPath());
        var members = new List<MemberProcess> { await MemberProcess.StartAsync("scheduler", etcd, NodeRoles.Scheduler, duty) };
        for (var number = 0; number < 3; number++) members.Add(await MemberProcess.StartAsync($"node-{number}", etcd, NodeRoles.Worker, duty));
        using var submitter = await Member.SubmitterAsync(etcd, duty);
        await Member.RunOneAsync(submitter, 0);
        var before = await etcd.WritesAsync();
        var began = Stopwatch.GetTimestamp();
        if (tasks == 0) await Task.Delay(Idle);
        else await Work.DriveAsync(tasks, Math.Min(tasks, Work.InFlight), number => Member.RunOneAsync(submitter, number));
        var seconds = Stopwatch.GetElapsedTime(began).TotalSeconds;
        var writes = await etcd.WritesAsync() - before;
        foreach (var member in members) await member.DisposeAsync();
        await submitter.StopAsync();
        return (writes / seconds, writes, seconds);
    }
}
