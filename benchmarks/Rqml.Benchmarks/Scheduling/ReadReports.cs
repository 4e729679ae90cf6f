using System.Buffers;
using System.Diagnostics;
using Rqml.Benchmarks.Ratios;
using Rqml.Cluster;
using Rqml.Hosting;
using Rqml.Messaging;
using Rqml.Nodes;
using Rqml.Scheduling;
using Rqml.Tasks;

namespace Rqml.Benchmarks.Scheduling;

/// <summary>What the leader has to do with each attempt that nodes hold, whenever they report: read it, and compare it with what it has given them.</summary>
internal static class ReadReports
{
    private const int Nodes = 16;
    private const int HeldByEach = 1_024;
    private const int Rounds = 50;
    private static readonly ClassKey Class = new("class", 1);
    private static readonly Incarnation Start = new(1);
    private static readonly Term Term = new(1, 1);

    public static Task<Figure> MeasureAsync()
    {
        var scheduler = new SchedulerMachine(PeerOf("scheduler"), new SchedulerSettings(), seed: 1, nowMs: 0);
        var effects = new EffectBuffer<SchedulerEffect>();
        var ids = new TaskIdSource(new LedgerId(1), 1);
        var ledger = PeerOf("ledger");
        var peers = Enumerable.Range(0, Nodes).Select(number => PeerOf($"node-{number}")).ToArray();
        scheduler.Step(SchedulerEvent.Elected(Term, peers), 0, effects);
        var reports = new byte[Nodes][];
        for (var node = 0; node < Nodes; node++)
        {
            var held = new List<HeldAttempt>();
            for (var number = 0; number < HeldByEach; number++)
            {
                var task = new TaskSpec { Id = ids.Next(1_000), Class = Class, Payload = default };
                scheduler.Step(SchedulerEvent.Of(new Message(MessageKind.Announce, ledger, task.Id, Body: task)), 0, effects);
                held.Add(new HeldAttempt(new Attempt(task.Id, new Epoch(Term.Generation, Term.Number, held.Count + 1)), Iteration: 100, AwaitsAdoption: false, Suspicion: default, PartitionKey: null));
            }

            reports[node] = Encoded(peers[node], held);
        }

        ReadAll();      // what they hold is adopted
        effects.Clear();
        if (scheduler.Nodes.Sum(node => node.Assigned.Count) != Nodes * HeldByEach) throw new InvalidOperationException("The scheduler did not take what its nodes hold.");
        for (var round = 0; round < Rounds; round++) ReadAll();
        var (began, bytes) = (Stopwatch.GetTimestamp(), GC.GetAllocatedBytesForCurrentThread());
        for (var round = 0; round < Rounds; round++) ReadAll();
        const double Attempts = (double)Rounds * Nodes * HeldByEach;
        var (each, allocated) = (Stopwatch.GetElapsedTime(began) / Attempts, (GC.GetAllocatedBytesForCurrentThread() - bytes) / Attempts);
        return Task.FromResult(new Figure(FormattableString.Invariant($"{each.TotalNanoseconds:0} ns, {allocated:0} B allocated, {(double)reports[0].Length / HeldByEach:0} B on the wire"), IsKept: true));

        void ReadAll()
        {
            for (var node = 0; node < Nodes; node++)
            {
                scheduler.Step(SchedulerEvent.Of(MessageCodec.Read(new ReadOnlySequence<byte>(reports[node]), peers[node])), 0, effects);
                effects.Clear();
            }
        }
    }

    private static byte[] Encoded(Peer node, IReadOnlyList<HeldAttempt> held)
    {
        var report = new NodeReport { Term = Term, Classes = [Class], Limit = HeldByEach, Draining = false, Load = new NodeLoad(HeldByEach, HeldByEach, 0, 0, new Dictionary<string, int>(), 0), Held = held };
        var content = MessageCodec.Write(new Message(MessageKind.Report, node, Body: report), Start);
        var bytes = new byte[content.Bytes];
        content.WriteTo(bytes);
        return bytes;
    }

    private static Peer PeerOf(string node) => new(new NodeId(node), Start, "");
}
