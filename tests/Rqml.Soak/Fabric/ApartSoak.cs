using System.Diagnostics;

namespace Rqml.Soak.Fabric;

/// <summary>A submitter, a scheduler and two workers, under load, each in a process of its own. One worker is killed in mid-task, and the other goes on.</summary>
internal sealed class ApartSoak(RealTransport transport, ulong seed, TextWriter output)
{
    private const int PauseMs = 200;      // of a task of two passes or more, most of it is their middle
    private static readonly TimeSpan StartsWithin = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan SettledWithin = TimeSpan.FromSeconds(15);      // silence is borne for five
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(20);

    public async Task<bool> RunAsync()
    {
        var clock = Stopwatch.StartNew();
        await using var crew = new Crew(transport, seed);
        await crew.StartSchedulerAsync();
        var submitter = await crew.StartApplicationAsync(isToBeKilled: false);
        var (killed, other) = (crew.StartWorker("worker-1", PauseMs), crew.StartWorker("worker-2"));
        await UntilAsync(() => other.IsAtWork && Read(Stopwatch.GetTimestamp()).Begun >= Worker.Lanes, StartsWithin);
        await crew.KillAsync(killed);
        var killedAt = Stopwatch.GetTimestamp();

        await UntilAsync(() => !Read(killedAt).Faults.Any(), SettledWithin);
        await crew.EndAsync(submitter);
        await crew.KillAsync(other);
        await crew.EndSchedulerAsync();

        var record = Read(killedAt);
        crew.Take();
        crew.Judge.Close();
        await output.WriteLineAsync(FormattableString.Invariant($"{transport.Name}: a worker of two killed in {record.Begun} tasks, {record.Moved} of them worked on by the other and settled {record.LastSettled.TotalSeconds:0.0} s after; {crew.Judge.Submitted:N0} tasks of a submitter, a scheduler and workers apart, {crew.Judge.Calls:N0} model calls in {clock.Elapsed.TotalSeconds:0} s: {crew.Verdict}"));
        foreach (var fault in record.Faults.Concat(crew.Faults)) await output.WriteLineAsync($"FAULT: {fault}");
        return crew.Holds && !record.Faults.Any();

        KillRecord Read(long at) => new(at, Entry.In(crew.Tasks), Entry.In(killed.Calls), Entry.In(other.Calls));
    }

    /// <summary>Where it does not come about, the record will say so.</summary>
    private static async Task UntilAsync(Func<bool> condition, TimeSpan limit)
    {
        for (var began = Stopwatch.GetTimestamp(); !condition() && Stopwatch.GetElapsedTime(began) < limit;) await Task.Delay(LookEvery);
    }
}
