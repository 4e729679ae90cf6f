using System.Diagnostics;
using Microsoft.Extensions.Hosting;
using Rqml.Benchmarks.Ratios;
using Rqml.Hosting;
using Rqml.RealEtcd;

namespace Rqml.Benchmarks.Cluster;

/// <summary>
/// Three nodes and a submitter in processes of their own. One node is killed or stopped, twenty times; each time it is measured how long it takes until the last of the tasks that it had at a
/// model is at a model elsewhere.
/// </summary>
internal static class HandOver
{
    private const int Times = 20;
    private const int Nodes = 3;
    private const int Open = 48;
    private const int FewestHeld = 4;
    private static readonly Member.Duty Duty = new(Lanes: 32, WaitMs: 100, Calls: 40, Tells: true);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    public static Task<Figure> AfterDeathAsync(bool ofLeader) => MeasureAsync(ofLeader, isDeath: true, TimeSpan.FromSeconds(3));

    public static Task<Figure> AfterSilenceAsync(bool ofLeader) => MeasureAsync(ofLeader, isDeath: false, TimeSpan.FromSeconds(8));

    private static async Task<Figure> MeasureAsync(bool ofLeader, bool isDeath, TimeSpan budget)
    {
        await using var etcd = await EtcdServers.StartBelowAsync(Path.GetTempPath());
        var book = new Book();
        var members = new List<MemberProcess>();
        for (var number = 0; number < Nodes; number++) members.Add(await MemberProcess.StartAsync($"node-{number}", etcd, NodeRoles.Scheduler | NodeRoles.Worker, Duty, book.Called));
        using var submitter = await Member.SubmitterAsync(etcd, Duty);
        using var end = new CancellationTokenSource();
        var callers = Enumerable.Range(0, Open).Select(caller => CallAsync(submitter, caller, book, end.Token)).ToArray();
        var delays = new List<TimeSpan>();
        for (var time = 0; time < Times; time++)
        {
            var victim = await ChooseAsync(members, book, ofLeader);
            var held = book.HeldBy(victim.Name);
            var began = Stopwatch.GetTimestamp();
            if (isDeath) await victim.KillAsync();
            else victim.Stop();
            await UntilAsync(() => book.AreElsewhere(held, victim.Name), "a hand-over");
            delays.Add(held.Max(task => book.LeftAt(task, victim.Name) is var at and not 0 ? Stopwatch.GetElapsedTime(began, at) : TimeSpan.Zero));
            if (isDeath)
            {
                await victim.DisposeAsync();
                members[members.IndexOf(victim)] = await MemberProcess.StartAsync(victim.Name, etcd, NodeRoles.Scheduler | NodeRoles.Worker, Duty, book.Called);
            }
            else
            {
                victim.Continue();
            }
        }

        await end.CancelAsync();
        await Task.WhenAll(callers);
        foreach (var member in members) await member.DisposeAsync();
        await submitter.StopAsync();
        delays.Sort();
        var p99 = delays[^1];      // of twenty
        return new Figure(FormattableString.Invariant($"p50 {delays[Times / 2].TotalSeconds:0.00} s, p99 {p99.TotalSeconds:0.00} s of {Times}; {book.Settled} tasks settled, none lost"), p99 <= budget);
    }

    private static async Task CallAsync(IHost submitter, int caller, Book book, CancellationToken cancellationToken)
    {
        for (var number = (long)caller; !cancellationToken.IsCancellationRequested; number += Open)
        {
            await Member.RunOneAsync(submitter, number);
            book.Ended(number);
        }
    }

    /// <summary>A node that has tasks at its model: the one that leads, or one that follows.</summary>
    private static async Task<MemberProcess> ChooseAsync(List<MemberProcess> members, Book book, bool leads)
    {
        for (var began = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(began) < Patience; await Task.Delay(100))
        {
            if (!members.TrueForAll(member => book.HeldBy(member.Name).Count >= FewestHeld)) continue;
            foreach (var member in members)
            {
                if ((await member.KnowsAsync()).Leads == leads) return member;
            }
        }

        throw new TimeoutException("No node has tasks that it could hand over.");
    }

    private static async Task UntilAsync(Func<bool> condition, string what)
    {
        for (var began = Stopwatch.GetTimestamp(); !condition(); await Task.Delay(10))
        {
            if (Stopwatch.GetElapsedTime(began) > Patience) throw new TimeoutException($"{Patience.TotalSeconds:0} s were not enough for {what}.");
        }
    }

    /// <summary>Which task was last called where. Thread-safe.</summary>
    private sealed class Book
    {
        private readonly Lock _lock = new();
        private readonly Dictionary<long, (string Node, long At, long Since)> _calls = [];

        public int Settled { get; private set; }

        public void Called(string node, long task)
        {
            var now = Stopwatch.GetTimestamp();
            lock (_lock) _calls[task] = (node, now, _calls.TryGetValue(task, out var last) && last.Node == node ? last.Since : now);
        }

        public void Ended(long task)
        {
            lock (_lock)
            {
                Settled++;
                _calls.Remove(task);
            }
        }

        /// <summary>Tasks that the node called a model for within the last second.</summary>
        public IReadOnlyList<long> HeldBy(string node)
        {
            lock (_lock) return [.. _calls.Where(call => call.Value.Node == node && Stopwatch.GetElapsedTime(call.Value.At) < TimeSpan.FromSeconds(1)).Select(call => call.Key)];
        }

        /// <summary>Whether each is at another node by now, or settled.</summary>
        public bool AreElsewhere(IReadOnlyList<long> tasks, string node)
        {
            lock (_lock) return tasks.All(task => !_calls.TryGetValue(task, out var call) || call.Node != node);
        }

        /// <summary>When the task was first called for elsewhere; zero where it was settled before.</summary>
        public long LeftAt(long task, string node)
        {
            lock (_lock) return _calls.TryGetValue(task, out var call) && call.Node != node ? call.Since : 0;
        }
    }
}
