using Rqml.Storage.RocksDb;

namespace Rqml.Storage.Tests.RocksDb;

/// <summary>The thread that carries out commits: one at a time, each with its own answer.</summary>
public sealed class CommitLaneTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task A_second_committer_is_told_so_and_the_first_is_not_disturbed()
    {
        using var disk = new ManualResetEventSlim();
        await using var lane = new CommitLane("test", _ => Assert.True(disk.Wait(Patience)), () => { });

        var first = lane.CommitAsync(new WriteBatch()).AsTask();
        await Assert.ThrowsAsync<InvalidOperationException>(async () => await lane.CommitAsync(new WriteBatch()));
        Assert.False(first.IsCompleted);

        disk.Set();
        await first.WaitAsync(Patience);
        await lane.CommitAsync(new WriteBatch()).AsTask().WaitAsync(Patience);
    }

    [Fact]
    public async Task A_failed_commit_is_its_committers_and_the_next_one_goes_on()
    {
        var isDiskFull = true;
        await using var lane = new CommitLane("test", _ => { if (isDiskFull) throw new IOException("full"); }, () => { });

        await Assert.ThrowsAsync<IOException>(async () => await lane.CommitAsync(new WriteBatch()));
        isDiskFull = false;
        await lane.CommitAsync(new WriteBatch()).AsTask().WaitAsync(Patience);
    }
}
