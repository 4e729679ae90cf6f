using System.Diagnostics;
using System.Globalization;

namespace Rqml.Soak.Cluster;

/// <summary>
/// Three nodes and a submitter over a real etcd, under load. In rounds each of them is killed, stopped or cut off, the leader and the store as well; judged by what the application wrote
/// down: each call of a model, and each completion.
/// </summary>
internal sealed class ClusterSoak(int rounds, int tasks, ulong seed, Tempo tempo, TextWriter output)
{
    public const string Word = "cluster";

    private const int LateWord = 1101;      // events of the log: a result that came too late, and a command of a leader that is none
    private const int StaleCommand = 2212;
    private static readonly TimeSpan AfterDeath = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan AfterSilence = TimeSpan.FromSeconds(8);
    private static readonly TimeSpan BackWithin = TimeSpan.FromSeconds(60);

    private readonly Random _random = new((int)seed);
    private readonly List<Blow> _blows = [];

    /// <param name="words">Rounds, and tasks that are open at a time.</param>
    public static async Task<int> RunAsync(string[] words)
    {
        if (words is not [var often, var many] || !int.TryParse(often, CultureInfo.InvariantCulture, out var rounds) || rounds < 1 || !int.TryParse(many, CultureInfo.InvariantCulture, out var tasks) || tasks is < 10 or > 2_000)
        {
            await Console.Error.WriteLineAsync("Usage: eng/kill-cluster [rounds, 1 or more] [tasks, 10 to 2,000]");
            return 2;
        }

        var holds = await new ClusterSoak(rounds, tasks, 1, Tempo.Full, Console.Out).RunAsync();
        await Console.Out.WriteLineAsync(holds ? "all of it holds" : "NOT all of it holds");
        return holds ? 0 : 1;
    }

    public async Task<bool> RunAsync()
    {
        var clock = Stopwatch.StartNew();
        await using var fleet = new Fleet(seed, tasks, tempo.Grace);
        await fleet.StartAsync(tempo.CallMs);
        for (var round = 1; round <= rounds; round++)
        {
            await KillAsync(fleet, "kill -9 of a worker", async () => [await FollowerAsync(fleet)]);
            await KillAsync(fleet, "kill -9 of the leader", async () => [await fleet.LeaderAsync()]);
            await KillAsync(fleet, "kill -9 of leader and worker", async () => [await fleet.LeaderAsync(), await FollowerAsync(fleet)]);
            await KillSubmitterAsync(fleet);
            await KillEtcdAsync(fleet);
            await SilenceAsync(fleet, "SIGSTOP of a worker", () => FollowerAsync(fleet), tempo.Stopped, Stop, Continue);
            await SilenceAsync(fleet, "SIGSTOP of the leader", fleet.LeaderAsync, tempo.Stopped, Stop, Continue);
            await SilenceAsync(fleet, "partition of a worker", () => FollowerAsync(fleet), tempo.CutOff, node => node.CutAsync(), node => node.HealAsync());
            await SilenceAsync(fleet, "partition of the leader", fleet.LeaderAsync, tempo.CutOff, node => node.CutAsync(), node => node.HealAsync());
        }

        var book = await fleet.EndAsync();
        var isInTime = await PrintAsync(book);
        var sights = new (string What, int Count)[]
        {
            ("iterations made twice", book.MadeTwice), ("tasks resumed elsewhere in the middle", book.ResumedElsewhere),
            ("late results refused", fleet.SaidBySubmitter(LateWord)), ("stale commands refused", fleet.SaidByNodes(StaleCommand)),
        };
        await output.WriteLineAsync(string.Join(", ", sights.Select(sight => FormattableString.Invariant($"{sight.What}: {sight.Count:N0}"))));
        await output.WriteLineAsync(FormattableString.Invariant($"{fleet.Verdict}, in {clock.Elapsed.TotalSeconds:0} s"));
        foreach (var fault in fleet.Faults) await output.WriteLineAsync($"FAULT: {fault}");
        var unseen = sights.Where(sight => sight.Count == 0 && tempo.SeesAll).ToArray();
        foreach (var (what, _) in unseen) await output.WriteLineAsync($"FAULT: never seen: {what}");
        return fleet.Holds && isInTime && unseen.Length == 0;
    }

    private async Task KillAsync(Fleet fleet, string what, Func<Task<ClusterProcess[]>> choose)
    {
        await RestAsync();
        var victims = await choose();
        var at = Stopwatch.GetTimestamp();
        foreach (var victim in victims) await fleet.KillAsync(victim);
        await Task.Delay(tempo.Down);
        foreach (var victim in victims) await victim.RestartAsync();
        await Fleet.UntilAsync(() => victims.All(victim => victim.IsAtWork), BackWithin, $"whoever was hit by a {what} to be back at work");
        _blows.Add(new Blow(what, [.. victims.Select(victim => victim.Name)], at, AfterDeath));
    }

    private async Task SilenceAsync(Fleet fleet, string what, Func<Task<ClusterProcess>> choose, TimeSpan duration, Func<ClusterProcess, Task> silence, Func<ClusterProcess, Task> end)
    {
        await RestAsync();
        var victim = await choose();
        var at = Stopwatch.GetTimestamp();
        await silence(victim);
        await Task.Delay(duration);
        await end(victim);
        await Task.Delay(tempo.After);
        _blows.Add(new Blow(what, [victim.Name], at, AfterSilence));
    }

    private async Task KillSubmitterAsync(Fleet fleet)
    {
        await RestAsync();
        await fleet.KillSubmitterAsync();
        await Task.Delay(tempo.Down);
        await fleet.StartSubmitterAsync();
        _blows.Add(new Blow("kill -9 of the submitter", [], 0, TimeSpan.Zero));
    }

    private async Task KillEtcdAsync(Fleet fleet)
    {
        await RestAsync();
        await fleet.KillEtcdAsync();
        await Task.Delay(tempo.Down);
        await fleet.RestartEtcdAsync();
        _blows.Add(new Blow("kill -9 of etcd", [], 0, TimeSpan.Zero));
    }

    /// <summary>A random moment, not a wait for anything: whatever a process is at then is what it is hit in.</summary>
    private Task RestAsync() => Task.Delay(tempo.Rest + (tempo.MoreRest * _random.NextDouble()));

    private async Task<ClusterProcess> FollowerAsync(Fleet fleet)
    {
        var leader = await fleet.LeaderAsync();
        var others = fleet.All.Where(node => node != leader).ToArray();
        return others[_random.Next(others.Length)];
    }

    private static Task Stop(ClusterProcess node)
    {
        node.Stop();
        return Task.CompletedTask;
    }

    private static Task Continue(ClusterProcess node)
    {
        node.Continue();
        return Task.CompletedTask;
    }

    private async Task<bool> PrintAsync(CallBook book)
    {
        var isInTime = true;
        await output.WriteLineAsync("| what | times | tasks elsewhere | p50, s | p99, s | last, s | budget, s | nowhere in time |");
        await output.WriteLineAsync("|---|---:|---:|---:|---:|---:|---:|---:|");
        foreach (var kind in _blows.GroupBy(blow => blow.What))
        {
            var within = kind.First().Within;
            if (within == TimeSpan.Zero)
            {
                await output.WriteLineAsync(FormattableString.Invariant($"| {kind.Key} | {kind.Count()} | | | | | | |"));
                continue;
            }

            var each = kind.Select(blow => book.After(blow.Nodes, blow.At, blow.Within)).ToArray();
            var all = new HandOver([.. each.SelectMany(one => one.Delays).Order()], each.Sum(one => one.Nowhere));
            var isKept = all.Nowhere == 0 && all.Delays.Count > 0 && all.At(0.99) <= within;
            isInTime &= isKept;
            await output.WriteLineAsync(FormattableString.Invariant($"| {kind.Key} | {kind.Count()} | {all.Delays.Count:N0} | {all.At(0.5).TotalSeconds:0.00} | {all.At(0.99).TotalSeconds:0.00} | {all.At(1).TotalSeconds:0.00} | {within.TotalSeconds:0} | {all.Nowhere} |{(isKept ? "" : " **no**")}"));
        }

        return isInTime;
    }

    /// <summary>What was done to which nodes, when, and by when their tasks are to be elsewhere.</summary>
    private sealed record Blow(string What, IReadOnlyCollection<string> Nodes, long At, TimeSpan Within);
}
