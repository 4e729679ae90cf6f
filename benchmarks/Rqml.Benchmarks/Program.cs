using System.Globalization;
using BenchmarkDotNet.Running;
using Rqml.Benchmarks;
using Rqml.Benchmarks.Checkpoints;
using Rqml.Benchmarks.Cluster;
using Rqml.Benchmarks.Growth;
using Rqml.Benchmarks.Hosting;
using Rqml.Benchmarks.Messaging;
using Rqml.Benchmarks.Queues;
using Rqml.Benchmarks.Ratios;
using Rqml.Benchmarks.Refinement;
using Rqml.Benchmarks.Scheduling;
using Rqml.Benchmarks.Storage;
using Rqml.Benchmarks.Tasks;

// ratios [part of a row's name]: the table of what Rqml costs beside its floors; ends with 1 where a budget is missed.
// cluster [part of a row's name]: what a cluster over a real etcd takes; ends with 1 where a budget is missed.
// growth: what an operation takes as nodes, tasks, classes, artifacts and lanes grow.
// types ROW, spin ROW: what a row allocates, or a row again and again for a profiler. Everything else is BenchmarkDotNet's.
Row[] rows =
[
    new("submit, one iteration, settled", "channel workers and a task source", () => new OneIteration(), 0.35) { MostBytes = 700, MostPoolItems = 3 },
    new("the same with ten iterations", "mailbox that takes a task ten times", () => new TenIterations(), 0.35),
    new("ten iterations on disk, each checkpointed", "append log, synced in groups", () => new TenCheckpointed(), 0.4),
    new("store, groups of 32, 1 KiB", "append and sync", () => new SyncedGroups { ValueBytes = 1 << 10 }, 0.35),
    new("store, groups of 32, 16 KiB", "append and sync", () => new SyncedGroups { ValueBytes = 16 << 10 }, 0.45),
    new("queue, 1 M waiting, 10 classes", "heap by priority and arrival", () => new MillionWaiting(), 0.5),
    new("fabric over TCP, 1 KiB", "raw TCP that gathers", () => new FabricMessages(), 0.8) { MostBytes = 16 },
    new("fabric over Unix sockets, 1 KiB", "raw TCP that gathers", () => new FabricMessages { Transport = "unix" }, 0.8) { MostBytes = 16 },
    new("fabric over gRPC, 1 KiB", "raw TCP that gathers", () => new FabricMessages { Transport = "grpc" }, 0.25),
    new("fabric over ZeroMQ, 1 KiB", "raw TCP that gathers", () => new FabricMessages { Transport = "zmq" }, 0.15),
    new("fabric over TCP, 64 B", "raw TCP that gathers", () => new FabricMessages { Bytes = 64 }, 0),
    new("fabric over TCP, 64 KiB", "raw TCP that gathers", () => new FabricMessages { Bytes = 64 << 10 }, 0),
    new("fabric over TCP, 1 MiB", "raw TCP that gathers", () => new FabricMessages { Bytes = 1 << 20 }, 0),
    new("fabric over TCP, 1 KiB to 1 subscriber", "raw TCP that gathers", () => new FanOut { Subscribers = 1 }, 0),
    new("fabric over TCP, 1 KiB to 8 subscribers", "raw TCP that gathers, to each", () => new FanOut(), 0),
    new("fabric over TCP, 1 KiB to 64 subscribers", "raw TCP that gathers, to each", () => new FanOut { Subscribers = 64 }, 0),
    new("task to another process and back", "raw TCP that gathers, and the same digest", () => new TwoProcesses(), 0.25),
    new("scheduler's decision, 1,000 nodes", "a pick without looking", () => new Decision(), 0) { LeastPerSecond = 500_000 },
];
FigureRow[] figures =
[
    new("queue, a waiting task", "< 200 B", WaitingTask.MeasureAsync),
    new("store of 16 KiB values, opened after kill -9", "slowest ≤ 1 s", Reopening.MeasureAsync),
    new("worker's hand-over of a checkpoint, 1 KiB", "p99 ≤ 1 µs, 0 B", HandOff.MeasureAsync),
    new("ten iterations on disk, killed half way", "0 lost, 0 twice", KilledRun.MeasureAsync),
    new("fabric over TCP, there and back, 1 KiB", "p50 ≤ 1.3×", () => RoundTrip.MeasureAsync("tcp", 1.3)),
    new("fabric over Unix sockets, there and back, 1 KiB", "p50 ≤ 1.3×", () => RoundTrip.MeasureAsync("unix", 1.3)),
    new("fabric over gRPC, there and back, 1 KiB", "p50 ≤ 4×", () => RoundTrip.MeasureAsync("grpc", 4)),
    new("fabric over ZeroMQ, there and back, 1 KiB", "p50 ≤ 4×", () => RoundTrip.MeasureAsync("zmq", 4)),
    new("task to another process and back, one at a time", "p50 ≤ 1.6×", TwoProcesses.LatencyAsync),
    new("idle node on RocksDB, beside an empty host", "< 300 ms, < 40 MB, < 1 % of a core", HostProcess.MeasureAsync),
];
FigureRow[] clusters =
[
    new("at work elsewhere after kill -9 of a worker", "p99 < 3 s", () => HandOver.AfterDeathAsync(ofLeader: false)),
    new("at work elsewhere after kill -9 of the leader", "p99 < 3 s", () => HandOver.AfterDeathAsync(ofLeader: true)),
    new("at work elsewhere after SIGSTOP of a worker", "p99 < 8 s", () => HandOver.AfterSilenceAsync(ofLeader: false)),
    new("at work elsewhere after SIGSTOP of the leader", "p99 < 8 s", () => HandOver.AfterSilenceAsync(ofLeader: true)),
    new("scheduler rebuilt, 1,000 open tasks", "≤ 3 s", () => Rebuild.MeasureAsync(1_000, TimeSpan.FromSeconds(3))),
    new("scheduler rebuilt, 10,000 open tasks", "≤ 3 s", () => Rebuild.MeasureAsync(10_000, TimeSpan.FromSeconds(3))),
    new("scheduler rebuilt, 100,000 open tasks", "≤ 3 s", () => Rebuild.MeasureAsync(100_000, TimeSpan.FromSeconds(3))),
    new("leader reads what nodes report, an attempt", "", ReadReports.MeasureAsync),
    new("writes of etcd, four processes", "≤ 100 a second, none for a task", StoreWrites.MeasureAsync),
    new("tasks whose model waits 50 ms, 32 lanes a process", "", Throughput.WaitingAsync),
    new("tasks whose model is done at once, 8 lanes a process", "", Throughput.WorkingAsync),
];

Axis[] axes =
[
    new("scheduler's decision", "nodes", [.. new[] { 10, 100, 1_000, 10_000 }.Select(nodes => ($"{nodes:#,0}", (Func<IComparison>)(() => new Decision { Nodes = nodes })))]),
    new("queue, one in and one out, 10 classes", "waiting tasks", [.. new[] { 1_000, 10_000, 100_000, 1_000_000 }.Select(waiting => ($"{waiting:#,0}", (Func<IComparison>)(() => new MillionWaiting { Waiting = waiting })))]),
    new("queue, one in and one out, 100,000 waiting", "classes", [.. new[] { 1, 10, 100 }.Select(classes => ($"{classes}", (Func<IComparison>)(() => new MillionWaiting { Waiting = 100_000, Classes = classes })))]),
    new("whole task, one iteration, in memory", "classes", [.. new[] { 1, 10, 100 }.Select(classes => ($"{classes}", (Func<IComparison>)(() => new ManyTasks { Classes = classes })))]),
    new("whole task, one iteration, in memory", "artifact", [.. new[] { 1, 1 << 10, 32 << 10, 1 << 20 }.Select(bytes => ($"{bytes:#,0} B", (Func<IComparison>)(() => new ManyTasks { ArtifactBytes = bytes, Operations = bytes > 64_000 ? 200 : 4_000, InFlight = bytes > 64_000 ? 32 : Work.InFlight })))]),
    .. Wire.All.Select(wire => new Axis($"message to another process over {wire.Name}", "length", [.. new[] { 64, 1 << 10, 64 << 10, 1 << 20 }.Select(bytes => ($"{bytes:#,0} B", (Func<IComparison>)(() => new FabricMessages { Transport = wire.Name, Bytes = bytes })))])),
    .. Wire.All.Select(wire => new Axis($"published message of 1 KiB over {wire.Name}", "subscribers", [.. new[] { 1, 8, 64 }.Select(subscribers => ($"{subscribers}", (Func<IComparison>)(() => new FanOut { Transport = wire.Name, Subscribers = subscribers })))])),
    new("whole task whose model waits for 5 ms", "lanes", [.. new[] { 1, 4, 16, 64 }.Select(lanes => ($"{lanes}", (Func<IComparison>)(() => new ManyTasks { Lanes = lanes, Wait = TimeSpan.FromMilliseconds(5), Operations = lanes * 32 })))]),
];

if (args is ["growth"])
{
    await GrowthTable.PrintAsync(axes, Console.Out);
    return 0;
}

if (args is [Member.Word, .. var words])
{
    await Member.RunAsync(words);
    return 0;
}

if (args is ["host-empty" or "host-node"])
{
    await HostProcess.RunAsync(withNode: args[0] == "host-node");
    return 0;
}

if (args is [Echo.Word, var wire, var sockets, var back, var subscribers])
{
    await Echo.RunAsync(wire, sockets, back, int.Parse(subscribers, CultureInfo.InvariantCulture));
    return 0;
}

if (args is [TwoProcesses.Word, var scheduler])
{
    await TwoProcesses.RunAsync(scheduler);
    return 0;
}

if (args is ["killed-run", var folder])
{
    await KilledRun.WorkAsync(folder);
    return 0;
}

if (args is ["write-store", var store])
{
    await Reopening.WriteAsync(store);
    return 0;
}

bool IsChosen(string work) => args.Length == 1 || work.Contains(args[1], StringComparison.OrdinalIgnoreCase);
string[] works = args switch
{
    ["ratios", ..] => [.. rows.Select(row => row.Work), .. figures.Select(row => row.Work)],
    ["types" or "spin", ..] => [.. rows.Select(row => row.Work)],
    ["cluster", ..] => [.. clusters.Select(row => row.Work)],
    _ => [],
};
if (works.Length > 0 && !works.Any(IsChosen))
{
    await Console.Error.WriteLineAsync($"No row has '{args[1]}' in its name. The rows: {string.Join("; ", works)}.");
    return 2;
}

if (args is ["cluster", ..]) return await RatioTable.PrintAsync([.. clusters.Where(row => IsChosen(row.Work))], Console.Out) ? 0 : 1;

if (args is ["ratios", ..])
{
    var isKept = await RatioTable.PrintAsync([.. rows.Where(row => IsChosen(row.Work))], Console.Out);
    return await RatioTable.PrintAsync([.. figures.Where(row => IsChosen(row.Work))], Console.Out) && isKept ? 0 : 1;
}

if (args is ["types" or "spin", var part])
{
    var comparison = rows.First(row => row.Work.Contains(part, StringComparison.OrdinalIgnoreCase)).New();
    await comparison.Setup();
    for (var call = 0; call < 10; call++) await comparison.Rqml();
    if (args[0] == "spin")
    {
        for (var until = DateTime.UtcNow.AddSeconds(10); DateTime.UtcNow < until;) await comparison.Rqml();
    }
    else
    {
        using var types = new AllocatedTypes();
        var measured = await Measurement.OfAsync(
            async () =>
            {
                for (var call = 0; call < 20; call++) await comparison.Rqml();
            },
            20 * comparison.Operations);
        foreach (var (type, share) in types.Shares().Take(50)) Console.WriteLine(FormattableString.Invariant($"{share,6:P1} {share * measured.Bytes,7:F0} B {type}"));
    }

    await comparison.Cleanup();
    return 0;
}

BenchmarkSwitcher.FromAssembly(typeof(OneIteration).Assembly).Run(args);
return 0;
