using BenchmarkDotNet.Running;
using Rqml.Benchmarks.Checkpoints;
using Rqml.Benchmarks.Hosting;
using Rqml.Benchmarks.Queues;
using Rqml.Benchmarks.Ratios;
using Rqml.Benchmarks.Refinement;
using Rqml.Benchmarks.Scheduling;
using Rqml.Benchmarks.Storage;
using Rqml.Benchmarks.Tasks;

// ratios [part of a row's name]: the table of what Rqml costs beside its floors; ends with 1 where a budget is missed.
// types ROW, spin ROW: what a row allocates, or a row again and again for a profiler. Everything else is BenchmarkDotNet's.
Row[] rows =
[
    new("submit, one iteration, settled", "channel workers and a task source", () => new OneIteration(), 0.35) { MostBytes = 700, MostPoolItems = 3 },
    new("the same with ten iterations", "mailbox that takes a task ten times", () => new TenIterations(), 0.35),
    new("ten iterations on disk, each checkpointed", "append log, synced in groups", () => new TenCheckpointed(), 0.4),
    new("store, groups of 32, 1 KiB", "append and sync", () => new SyncedGroups { ValueBytes = 1 << 10 }, 0.35),
    new("store, groups of 32, 16 KiB", "append and sync", () => new SyncedGroups { ValueBytes = 16 << 10 }, 0.45),
    new("queue, 1 M waiting, 10 classes", "heap by priority", () => new MillionWaiting(), 0.5),
    new("scheduler's decision, 1,000 nodes", "a pick without looking", () => new Decision(), 0) { LeastPerSecond = 500_000 },
];
FigureRow[] figures =
[
    new("worker's hand-over of a checkpoint, 1 KiB", "p99 ≤ 1 µs, 0 B", HandOff.MeasureAsync),
    new("ten iterations on disk, killed half way", "0 lost, 0 twice", KilledRun.MeasureAsync),
    new("idle node on RocksDB, beside an empty host", "< 300 ms, < 40 MB, < 1 % of a core", HostProcess.MeasureAsync),
];

if (args is ["host-empty" or "host-node"])
{
    await HostProcess.RunAsync(withNode: args[0] == "host-node");
    return 0;
}

if (args is ["killed-run", var folder])
{
    await KilledRun.WorkAsync(folder);
    return 0;
}

if (args is ["ratios" or "types" or "spin", var name, ..] && !rows.Any(row => row.Work.Contains(name, StringComparison.OrdinalIgnoreCase)) && !(args[0] == "ratios" && figures.Any(row => row.Work.Contains(name, StringComparison.OrdinalIgnoreCase))))
{
    await Console.Error.WriteLineAsync($"No row has '{name}' in its name. The rows: {string.Join("; ", rows.Select(row => row.Work).Concat(args[0] == "ratios" ? figures.Select(row => row.Work) : []))}.");
    return 2;
}

if (args is ["ratios", ..])
{
    bool IsChosen(string work) => args.Length == 1 || work.Contains(args[1], StringComparison.OrdinalIgnoreCase);
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
