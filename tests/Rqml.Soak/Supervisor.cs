using System.Diagnostics;
using System.Globalization;

namespace Rqml.Soak;

/// <summary>Starts the application, kills it, starts it again; feeds the judge with what each life wrote down; measures, and prints the verdict.</summary>
/// <remarks>
/// Two phases. For a third of the time lives of a few seconds end by kill -9. Then one life goes to the end, with kills of nodes inside it: memory and
/// handles of a process can only be compared within it. After its warm-up it is held to three fifths of what it then did, and growth is judged by the samples
/// that kept this pace: then as much is under way, and as much is kept, early and late. Where the machine is too slow for it, callers pile up, and latency
/// and memory with them: that is no growth, and at the next fast minute it is gone.
/// </remarks>
internal sealed class Supervisor(TimeSpan length, ulong seed, string folder, TextWriter output)
{
    // Longer than a restart takes: whoever submits again under a key, or attaches again, has to find what was there.
    private const int KeepSecondsWhenKilled = 60;
    private const int KeepSeconds = 10;
    private const int HeardAgainPerLife = 500;
    private const double MostGrowth = 0.05;
    private const double PacedShare = 0.6;
    private const double AtPace = 0.95;
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan MostWarmUp = TimeSpan.FromMinutes(5);

    private readonly Judge _judge = new(Grace);
    private readonly Random _random = new((int)seed);
    private readonly Stopwatch _clock = Stopwatch.StartNew();
    private readonly List<Measure> _measures = [];
    private readonly List<string> _complaints = [];
    private int _lives;
    private int _kills;
    private int _nodeKills;
    private string _left = "";
    private TimeSpan _warmFrom;
    private double _pace;

    private readonly record struct Measure(TimeSpan At, int Life, Sample Sample, long DiskBytes);

    private TimeSpan KillsUntil => length / 3;

    /// <summary>Whether it is worth waiting, at the end, until the last result is purged.</summary>
    private bool IsLong => length >= TimeSpan.FromMinutes(5);

    public async Task<bool> RunAsync()
    {
        Directory.CreateDirectory(folder);
        while (_clock.Elapsed < KillsUntil) await LiveUntilKilledAsync();
        await LiveToTheEndAsync();
        _judge.Close();
        return await PrintAsync();
    }

    private async Task LiveUntilKilledAsync()
    {
        await using var life = Start(isToBeKilled: true);
        await life.Open;
        _judge.BeginLife(Stopwatch.GetTimestamp());
        await Task.Delay(TimeSpan.FromSeconds(3 + _random.NextDouble() * Math.Min(20, KillsUntil.TotalSeconds / 4)));
        if (await life.KillAsync()) _kills++;
        else _complaints.Add($"life {_lives} ended by itself");
        Judge();
    }

    private async Task LiveToTheEndAsync()
    {
        await using var life = Start(isToBeKilled: false);
        await life.Open;
        _judge.BeginLife(Stopwatch.GetTimestamp());
        var began = _clock.Elapsed;
        var rest = length - KillsUntil;
        var warmUp = TimeSpan.FromTicks(Math.Min(MostWarmUp.Ticks, rest.Ticks / 4));
        await DelayAsync(life, began + warmUp * 0.6);
        _pace = PacedShare * Growth.Median(Take(measure => measure.Life == _lives && measure.At > began + warmUp * 0.2).Select(measure => measure.Sample.Settled / measure.Sample.Seconds));
        if (_pace > 0) await life.TellAsync(string.Create(CultureInfo.InvariantCulture, $"pace {_pace:0.#}"));
        _warmFrom = began + warmUp;
        await DelayAsync(life, began + rest);
        await life.TellAsync($"stop {(IsLong ? KeepSecondsWhenKilled + 30 : 0)}");
        var code = await life.EndAsync();
        if (code != 0) _complaints.Add($"life {_lives} ended with {code}");
        Judge();
    }

    private async Task DelayAsync(ApplicationProcess life, TimeSpan until)
    {
        while (_clock.Elapsed < until && !life.HasEnded) await Task.Delay(200);
    }

    private ApplicationProcess Start(bool isToBeKilled)
    {
        _lives++;
        using (var inheritance = File.Create(Journal.InheritanceOf(folder, _lives)))
        {
            foreach (var entry in _judge.Inheritance(HeardAgainPerLife)) inheritance.Write(entry.ToBytes());
        }

        var settings = new ApplicationSettings(folder, seed, _lives, _judge.Submitted + 1, isToBeKilled ? KeepSecondsWhenKilled : KeepSeconds, isToBeKilled);
        var number = _lives;
        return ApplicationProcess.Start(settings, line => Hear(number, line));
    }

    private void Hear(int life, string line)
    {
        if (Sample.TryParse(line) is { } sample) Add(new Measure(_clock.Elapsed, life, sample, DiskBytes()));
        else if (line.StartsWith("killed ", StringComparison.Ordinal)) _nodeKills++;
        else if (line.StartsWith("left ", StringComparison.Ordinal)) _left = line;
    }

    private void Add(in Measure measure)
    {
        lock (_measures) _measures.Add(measure);
    }

    private List<Measure> Take(Func<Measure, bool> which)
    {
        lock (_measures) return [.. _measures.Where(which)];
    }

    private void Judge()
    {
        var faults = _judge.Faults.Count;
        string[] logs = [Journal.TasksOf(folder, _lives), Journal.CallsOf(folder, _lives)];
        foreach (var entry in logs.SelectMany(Entry.In)) _judge.Take(entry);
        if (_judge.Faults.Count > faults) return;      // they are wanted
        foreach (var log in logs) File.Delete(log);
    }

    private long DiskBytes()
    {
        var bytes = 0L;
        foreach (var file in new DirectoryInfo(Path.Combine(folder, "store")).EnumerateFiles("*", new EnumerationOptions { RecurseSubdirectories = true, IgnoreInaccessible = true }))
        {
            try
            {
                bytes += file.Length;
            }
            catch (FileNotFoundException)
            {
                // Deleted since it was listed.
            }
        }

        return bytes;
    }

    private async Task<bool> PrintAsync()
    {
        await output.WriteLineAsync("| minute | process | settled, /s | p50, ms | p99, ms | CPU, µs a task | managed, MB | working set, MB | handles | disk, MB |");
        await output.WriteLineAsync("|---:|---|---:|---:|---:|---:|---:|---:|---:|---:|");
        foreach (var minute in _measures.GroupBy(measure => (int)measure.At.TotalMinutes)) await output.WriteLineAsync(Row(minute.Key, [.. minute]));

        await output.WriteLineAsync();
        var warm = Take(measure => measure.Life == _lives && measure.At > _warmFrom);
        List<Measure> paced = [.. warm.Where(measure => measure.Sample.Settled >= AtPace * _pace * measure.Sample.Seconds)];
        var growths = Growths(paced);
        await output.WriteLineAsync(Invariant($"{paced.Count} of {warm.Count} samples of the last process, from minute {_warmFrom.TotalMinutes:0} on, kept the pace of {_pace:0} tasks/s."));
        if (growths.Count == 0) await output.WriteLineAsync($"Growth is not judged: a verdict takes {Growth.Least} of them.");
        else
        {
            await output.WriteLineAsync();
            await output.WriteLineAsync("| of these | first third | last third | growth | allowed | kept |");
            await output.WriteLineAsync("|---|---:|---:|---:|---:|---|");
            foreach (var growth in growths) await output.WriteLineAsync(Invariant($"| {growth.What} | {growth.Early:0.##} | {growth.Late:0.##} | {growth.Share:+0.0 %;-0.0 %;0 %} | {growth.MostShare:0 %} | {(growth.IsKept ? "yes" : "**no**")} |"));
        }

        await output.WriteLineAsync();
        await output.WriteLineAsync(Invariant($"{_judge.Submitted} tasks, {_judge.Calls} model calls in {_lives} lives of the process: {_kills} ended by kill -9, {_nodeKills} times its second node was killed before."));
        await output.WriteLineAsync($"Outcomes: {string.Join(", ", Enum.GetValues<Outcome>().Select(outcome => Invariant($"{_judge.Outcomes[(int)outcome]} {outcome}")))}.");
        await output.WriteLineAsync(Invariant($"{_judge.HeardAgain} completions were heard again, in the same life and in later ones. At the end: {_left}."));
        await output.WriteLineAsync(Invariant($"{_judge.CallsAfter} model calls began when the settlement of their task was known, {_judge.CallsAfterRestart} of them of attempts that a restart found on a node's disk; the last {_judge.LongestAfter.TotalSeconds:0.00} s after settlement and start (allowed: {Grace.TotalSeconds:0} s)."));
        foreach (var fault in _judge.Faults.Concat(_complaints)) await output.WriteLineAsync($"FAULT: {fault}");
        await output.WriteLineAsync(Invariant($"{_judge.Lost} lost, {_judge.SettledTwice} settled twice, {_judge.Wrong} wrong artifacts, {growths.Count(growth => !growth.IsKept)} grown, {_complaints.Count} complaints."));
        return _judge is { Lost: 0, SettledTwice: 0, Wrong: 0 } && _complaints.Count == 0 && _left.EndsWith(IsLong ? "left 0 open 0" : "open 0", StringComparison.Ordinal) && growths.All(growth => growth.IsKept);
    }

    private static string Row(int minute, IReadOnlyList<Measure> measures)
    {
        var life = measures[0].Life == measures[^1].Life ? $"{measures[0].Life}" : $"{measures[0].Life} to {measures[^1].Life}";
        return Invariant($"| {minute} | {life} | {Of(one => one.Sample.Settled / one.Sample.Seconds):0} | {Of(one => one.Sample.P50Ms):0.0} | {Of(one => one.Sample.P99Ms):0} | {Of(CpuOf):0} | {Of(one => one.Sample.ManagedBytes / 1e6):0.0} | {Of(one => one.Sample.WorkingSetBytes / 1e6):0} | {Of(one => one.Sample.Handles):0} | {Of(one => one.DiskBytes / 1e6):0} |");

        double Of(Func<Measure, double> value) => Growth.Median(measures.Select(value));
    }

    /// <summary>Processor time is shown and not judged: the quicker the disk answers, the fewer tasks share a commit, and the more each costs.</summary>
    private static List<Growth> Growths(IReadOnlyList<Measure> measures)
    {
        return [.. new[]
        {
            Of("managed memory, MB", one => one.Sample.ManagedBytes / 1e6, MostGrowth),
            Of("working set, MB", one => one.Sample.WorkingSetBytes / 1e6, MostGrowth),
            Of("handles", one => one.Sample.Handles, MostGrowth, mostMore: 8),
            Of("disk, MB", one => one.DiskBytes / 1e6, MostGrowth),
            Of("p50, ms", one => one.Sample.P50Ms, 0.5),
            Of("p99, ms", one => one.Sample.P99Ms, 0.5),
        }.OfType<Growth>()];

        Growth? Of(string what, Func<Measure, double> value, double mostShare, double mostMore = 0) => Growth.Of(what, [.. measures.Select(value)], mostShare, mostMore);
    }

    private static double CpuOf(Measure measure) => measure.Sample.Settled == 0 ? 0 : measure.Sample.CpuMs * 1_000 / measure.Sample.Settled;

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
