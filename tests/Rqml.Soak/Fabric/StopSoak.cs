using System.Diagnostics;

namespace Rqml.Soak.Fabric;

/// <summary>An application and three workers under load. One of them is stopped in mid-task for longer than silence is borne, and goes on: nobody may wait for it.</summary>
internal sealed class StopSoak(RealTransport transport, ulong seed, TextWriter output)
{
    private const int Workers = 3;
    private static readonly TimeSpan StartsWithin = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan BackWithin = TimeSpan.FromSeconds(15);      // three times the longest that a link waits before it is tried again
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(250);

    private readonly Random _random = new((int)seed);

    public async Task<bool> RunAsync()
    {
        var clock = Stopwatch.StartNew();
        await using var crew = new Crew(transport, seed);
        var application = await crew.StartApplicationAsync(isToBeKilled: false);
        List<WorkerProcess> workers = [.. Enumerable.Range(1, Workers).Select(number => crew.StartWorker($"worker-{number}"))];
        var stopped = workers[(int)(seed % Workers)];
        List<WorkerProcess> others = [.. workers.Where(worker => worker != stopped)];
        await UntilAsync(() => workers.All(worker => worker.IsAtWork), StartsWithin);
        await PauseAsync();

        var standstill = await StopAsync(stopped.Process);
        await UntilAsync(() => Read().BackAfter is not null, BackWithin);
        await PauseAsync();
        await crew.EndAsync(application);
        foreach (var worker in workers) await crew.KillAsync(worker);

        var record = Read();
        Judge(crew, standstill, stopped, others);
        await PrintAsync(record, crew, clock.Elapsed);
        return crew.Holds && !record.Faults.Any();

        StopRecord Read() => new(standstill, Entry.In(crew.Tasks), Entry.In(stopped.Calls), others.SelectMany(worker => Entry.In(worker.Calls)));
    }

    private static async Task<Standstill> StopAsync(Child worker)
    {
        var beganAt = Stopwatch.GetTimestamp();
        worker.Stop();
        await Task.Delay(StopRecord.SettledWithin);
        var endedAt = Stopwatch.GetTimestamp();
        worker.Continue();
        return new Standstill(beganAt, endedAt);
    }

    /// <summary>The worker wakes up at tasks that were settled long since: it has its time to hear of that from then on, as after a restart.</summary>
    private static void Judge(Crew crew, in Standstill standstill, WorkerProcess stopped, List<WorkerProcess> others)
    {
        crew.Take(crew.Tasks);
        foreach (var worker in others) crew.Take(worker);
        crew.Judge.BeginLife(standstill.EndedAt);
        crew.Take(stopped);
        crew.Judge.Close();
    }

    private async Task PrintAsync(StopRecord record, Crew crew, TimeSpan took)
    {
        await output.WriteLineAsync(FormattableString.Invariant($"{transport.Name}: a worker of {Workers} stopped with {record.Held} tasks, {record.Begun} of them begun and {record.Moved} of these worked on elsewhere, all settled {record.LastSettled.TotalSeconds:0.0} s after; {record.SettledInSecondBefore:N0} settled in the second before, {record.SettledASecond:N0} a second meanwhile, none for {record.LongestPause.TotalSeconds:0.00} s at most; at new work {record.BackAfter?.TotalSeconds:0.0} s after it went on"));
        await output.WriteLineAsync(FormattableString.Invariant($"{transport.Name}: {crew.Judge.Submitted:N0} tasks, {crew.Judge.Calls:N0} model calls in {took.TotalSeconds:0} s: {crew.Verdict}"));
        foreach (var fault in record.Faults.Concat(crew.Faults)) await output.WriteLineAsync($"FAULT: {fault}");
    }

    /// <summary>A random moment, not a wait for anything: whatever the worker is doing then is what it is stopped in.</summary>
    private Task PauseAsync() => Task.Delay(TimeSpan.FromSeconds(0.5 + _random.NextDouble()));

    /// <summary>Where it does not come about, the record will say so.</summary>
    private static async Task UntilAsync(Func<bool> condition, TimeSpan limit)
    {
        for (var began = Stopwatch.GetTimestamp(); !condition() && Stopwatch.GetElapsedTime(began) < limit;) await Task.Delay(LookEvery);
    }
}
