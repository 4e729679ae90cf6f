using System.Buffers.Binary;
using Rqml.Storage.CrashChild;
using Rqml.Storage.Tests.Crashes;
using Xunit.Abstractions;

namespace Rqml.Storage.Tests.FaultyDisk;

/// <summary>Power cuts on the real store: whatever was not synced at that moment is lost, or half lost.</summary>
public sealed class PowerLossTests(ITestOutputHelper output)
{
    private const int Seed = 11;
    private const int Runs = 8;
    private const int CutsPerRun = 16;
    private const int CommitsPerRun = 90;

    [Fact]
    public async Task A_power_cut_loses_no_acknowledged_commit()
    {
        using var folder = new TemporaryFolder(inMemory: true);
        var random = new Random(Seed);
        var model = new StoreModel(Seed);
        var tally = new Tally();
        Directory.CreateDirectory(folder["disk"]);
        for (var run = 0; run < Runs; run++)
        {
            var disk = new SimulatedDisk(folder["disk"]);
            var records = Work(folder, run);
            var cuts = Enumerable.Range(0, CutsPerRun).Select(_ => random.Next(records.Count + 1)).Append(records.Count).Order().ToList();
            var (position, reports) = (0, new ReportReader(model.Commit));
            var found = 0L;
            foreach (var cut in cuts)
            {
                for (; position < cut; position++)
                {
                    disk.Apply(records[position]);
                    reports.Read(records[position]);
                }

                tally.AtRisk += disk.AtRisk;
                var left = folder["left"];
                disk.Lose(random, left);
                found = await VerifyAsync(left, model, reports, tally, $"seed {Seed}, run {run}, cut at {cut} of {records.Count}");
                if (cut < records.Count) Directory.Delete(left, recursive: true);
            }

            model.AdvanceTo(found);

            // The next run goes on from what the last cut has left and recovery has made of it.
            Directory.Delete(folder["disk"], recursive: true);
            Directory.Move(folder["left"], folder["disk"]);
        }

        output.WriteLine($"{tally.Cuts} power cuts (seed {Seed}), {tally.Regained} with a commit that had not been acknowledged, {tally.Unmade} before the store was made,");
        output.WriteLine($"{tally.AtRisk} unsynced operations at risk, {model.Commit} commits in the end; none that was acknowledged was lost");
        Assert.True(tally.Cuts >= 100 && tally.AtRisk > tally.Cuts, "the cuts put nothing at risk");
    }

    private static List<DiskRecord> Work(TemporaryFolder folder, int run)
    {
        var log = folder[$"log{run}"];
        var environment = FaultyDiskLibrary.Watch(folder["disk"], ("FAULTYDISK_LOG", log));
        File.Delete(folder["disk/reports"]);
        using var child = StoreChild.Start(folder["disk/store"], Seed, CommitsPerRun, reportTo: folder["disk/reports"], environment: environment);
        child.End();
        Assert.True(child.ExitCode == 0, child.Errors());
        return [.. DiskRecord.ReadAll(log)];
    }

    private static async Task<long> VerifyAsync(string disk, StoreModel model, ReportReader reports, Tally tally, string where)
    {
        tally.Cuts++;
        await using var store = CrashStore.Create(Path.Combine(disk, "store"));
        await store.OpenAsync(CancellationToken.None);
        var found = store.LastCommit;
        Assert.True(found >= reports.Acknowledged && found <= reports.Started, $"{where}: {found} is not in {reports.Acknowledged}..{reports.Started}");
        if (found > reports.Acknowledged) tally.Regained++;
        if (found == 0) tally.Unmade++;
        model.AdvanceTo(reports.Acknowledged);
        var difference = model.At(found).Difference(store);
        Assert.True(difference is null, $"{where}: {difference}");
        return found;
    }

    /// <summary>Finds the child's reports among the writes, so that they stand in the order of everything else.</summary>
    private sealed class ReportReader(long commit)
    {
        private uint _file;

        public long Acknowledged { get; private set; } = commit;

        public long Started { get; private set; } = commit;

        public void Read(in DiskRecord record)
        {
            if (record.Kind == 'C' && record.Path.EndsWith("/reports", StringComparison.Ordinal)) _file = record.File;
            if (record.Kind != 'W' || record.File != _file) return;
            var number = BinaryPrimitives.ReadInt64LittleEndian(record.Data.AsSpan(1));
            if ((ReportKind)record.Data[0] == ReportKind.Started) Started = number;
            if ((ReportKind)record.Data[0] == ReportKind.Acknowledged) Acknowledged = number;
        }
    }

    private sealed class Tally
    {
        public int Cuts { get; set; }

        public int Regained { get; set; }

        public int Unmade { get; set; }

        public long AtRisk { get; set; }
    }
}
