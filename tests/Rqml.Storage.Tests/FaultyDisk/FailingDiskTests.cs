using System.Globalization;
using Rqml.Storage.CrashChild;
using Rqml.Storage.Tests.Crashes;
using Xunit.Abstractions;

namespace Rqml.Storage.Tests.FaultyDisk;

/// <summary>A disk that is full, or that fails to sync once, under the real store.</summary>
public sealed class FailingDiskTests(ITestOutputHelper output)
{
    private const int Rounds = 14;
    private const int Commits = 400;

    [Fact]
    public async Task A_full_disk_stops_the_store_and_costs_nothing_acknowledged()
    {
        // From too little to create a store up to a few hundred commits.
        var random = new Random(21);
        var spaces = Enumerable.Range(0, Rounds).Select(round => round < 3 ? random.Next(20_000) : 20_000 + random.Next(900_000)).ToList();
        foreach (var space in spaces) await FailAsync(space, "FAULTYDISK_SPACE", seed: space);
    }

    [Fact]
    public async Task A_failed_sync_stops_the_store_for_good()
    {
        // The disk answers the next sync with success, as Linux does: whoever tries again would acknowledge what is lost.
        var random = new Random(22);
        var syncs = Enumerable.Range(0, Rounds).Select(round => round < 4 ? 1 + random.Next(25) : 25 + random.Next(300)).ToList();
        foreach (var sync in syncs) await FailAsync(sync, "FAULTYDISK_BAD_SYNC", seed: sync);
    }

    private async Task FailAsync(int limit, string fault, int seed)
    {
        using var folder = new TemporaryFolder(inMemory: true);
        Directory.CreateDirectory(folder["disk"]);
        var environment = FaultyDiskLibrary.Watch(folder["disk"], (fault, limit.ToString(CultureInfo.InvariantCulture)));
        using var child = StoreChild.Start(folder["disk/store"], seed, Commits, environment: environment);
        var failed = false;
        while (child.Read() is { } report)
        {
            if (report.Kind != ReportKind.Failed) continue;
            failed = true;
            Assert.True(report.Number == 0, $"{fault}={limit}: {report.Number} commits were acknowledged after the failure");
        }

        child.End();
        Assert.True(child.ExitCode == 0, $"{fault}={limit}: the child ended with {child.ExitCode}: {child.Errors()}");
        Assert.True(failed, $"{fault}={limit}: the store did not stop; {child.Acknowledged} commits acknowledged; {child.Errors()}");

        await using var store = CrashStore.Create(folder["disk/store"]);
        await store.OpenAsync(CancellationToken.None);
        Assert.True(store.LastCommit >= child.Acknowledged && store.LastCommit <= child.Started, $"{fault}={limit}: {store.LastCommit} is not in {child.Acknowledged}..{child.Started}");
        var difference = new StoreModel(seed).At(store.LastCommit).Difference(store);
        Assert.True(difference is null, $"{fault}={limit}: {difference}");
        await store.CommitAsync(new WriteBatch(), CancellationToken.None);
        output.WriteLine($"{fault}={limit}: stopped after {child.Acknowledged} commits, whole at {store.LastCommit - 1} when reopened");
    }
}
