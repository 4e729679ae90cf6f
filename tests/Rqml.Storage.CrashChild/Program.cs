using System.Diagnostics;
using Microsoft.Win32.SafeHandles;
using Rqml.Storage;
using Rqml.Storage.CrashChild;
using Rqml.Storage.RocksDb;
using Rqml.Storage.RocksDb.Durability;

// store folder, seed, commits to do, file to report to ("-": standard output), [step to die at, how often it is passed before]
var (path, seed, commits) = (args[0], int.Parse(args[1]), int.Parse(args[2]));
using var reports = new Reports(args[3] == "-" ? new SafeFileHandle(1, ownsHandle: false) : File.OpenHandle(args[3], FileMode.Append, FileAccess.Write));
var dieAt = args.Length > 4 ? Enum.Parse<StoreStep>(args[4]) : (StoreStep?)null;
var passes = args.Length > 5 ? int.Parse(args[5]) : 0;

reports.Say(ReportKind.Opening, 0);
var workload = new Workload(seed);
var store = CrashStore.Create(path, OnStep);
var batch = new WriteBatch();
var (failed, acknowledgedAfter) = (false, 0);
try
{
    await store.OpenAsync(CancellationToken.None);
    reports.Say(ReportKind.Opened, store.LastCommit);
    var last = store.LastCommit + commits;
    for (var commit = store.LastCommit + 1; commit <= last; commit++)
    {
        batch.Clear();
        workload.Fill(batch, commit);
        reports.Say(ReportKind.Started, commit);
        await store.CommitAsync(batch, CancellationToken.None);
        reports.Say(ReportKind.Acknowledged, commit);
    }
}
catch (StoreFailedException)
{
    failed = true;
    for (var again = 0; again < 3; again++)
    {
        try
        {
            await store.CommitAsync(batch, CancellationToken.None);
            acknowledgedAfter++;
        }
        catch (Exception error) when (error is StoreFailedException or InvalidOperationException)
        {
            // Expected: a store that has stopped, or never opened, takes nothing more.
        }
    }
}

if (failed) reports.Say(ReportKind.Failed, acknowledgedAfter);
reports.Say(ReportKind.Closing, 0);
await store.DisposeAsync();
reports.Say(ReportKind.Closed, 0);
return 0;

void OnStep(StoreStep step)
{
    if (step != dieAt || passes-- > 0) return;
    if (step == StoreStep.MarkWriting) TearMark();
    reports.Say(ReportKind.Dying, (long)step);
    Process.GetCurrentProcess().Kill();
    Thread.Sleep(Timeout.Infinite);     // the signal ends the process; nothing more may run before it does
}

// What a power cut in the middle of the mark's write leaves: half of the new slot over the old one.
void TearMark()
{
    using var mark = File.OpenHandle(Path.Combine(path, "highwater"), FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
    var content = new byte[2 * HighWaterMark.SlotStride];
    RandomAccess.Read(mark, content, 0);
    MarkSlot.TryRead(content, out var even);
    MarkSlot.TryRead(content.AsSpan(HighWaterMark.SlotStride), out var odd);
    var newest = (even?.Generation ?? -1) > (odd?.Generation ?? -1) ? even!.Value : odd!.Value;
    var next = newest with { Generation = newest.Generation + 1, Commit = newest.Commit + 1 };
    next.Write(content);
    RandomAccess.Write(mark, content.AsSpan(0, MarkSlot.Bytes * 3 / 4), HighWaterMark.OffsetOf(next.Generation));
}
