using Rqml.Storage;
using Xunit;

namespace Rqml.Testing.Contracts;

/// <summary>What a store that outlives its process promises on top of <see cref="KeyValueStoreContract"/>.</summary>
public abstract class DurableKeyValueStoreContract : KeyValueStoreContract
{
    /// <summary>Content survives closing and opening, deletions included.</summary>
    [Fact]
    public async Task Content_survives_reopening()
    {
        var large = Bytes(5, 200_000);
        for (var round = 0; round < 5; round++)
        {
            await CommitAsync(batch =>
            {
                foreach (var family in Enum.GetValues<StoreFamily>()) batch.Put(family, [(byte)round], [(byte)round, (byte)family]);
                batch.Put(StoreFamily.Artifact, "large"u8, large);
                batch.Put(StoreFamily.Artifact, [(byte)'p', (byte)round], large);
                if (round > 0) batch.Delete(StoreFamily.Task, [(byte)(round - 1)]);
                if (round == 3) batch.DeletePrefix(StoreFamily.Artifact, "p"u8);
            });
            await ReopenAsync();
        }

        Assert.Equal([[4]], Store.Scan(StoreFamily.Task, default).Select(entry => entry.Key));
        for (byte round = 0; round < 5; round++) Assert.Equal([round, (byte)StoreFamily.Ledger], Get(StoreFamily.Ledger, [round]));
        Assert.Equal(large, Get(StoreFamily.Artifact, "large"u8));
        Assert.Equal([[(byte)'p', 4]], Store.Scan(StoreFamily.Artifact, "p"u8.ToArray()).Select(entry => entry.Key));
    }

    /// <summary>A second instance is refused while the first is open, and welcome after it has closed.</summary>
    [Fact]
    public async Task A_second_instance_is_refused()
    {
        await CommitAsync(batch => batch.Put(StoreFamily.Meta, "a"u8, "1"u8));
        var second = Create();
        var error = await Assert.ThrowsAsync<StoreInUseException>(async () => await second.OpenAsync(CancellationToken.None));
        await second.DisposeAsync();
        Assert.Equal(Store.Name, error.Store);

        await CommitAsync(batch => batch.Put(StoreFamily.Meta, "b"u8, "2"u8));
        await ReopenAsync();
        Assert.Equal(["a", "b"], Keys(StoreFamily.Meta));
    }

    /// <summary>Closing waits for the commit in flight, which is then durable.</summary>
    [Fact]
    public async Task Closing_waits_for_the_commit_in_flight()
    {
        var large = Bytes(9, 1 << 20);
        var batch = new WriteBatch();
        batch.Put(StoreFamily.Artifact, "a"u8, large);
        var commit = Store.CommitAsync(batch, CancellationToken.None).AsTask();
        await ReopenAsync();
        await commit;

        Assert.Equal(large, Get(StoreFamily.Artifact, "a"u8));
    }

    /// <summary>A scan that is still being read when its store closes ends with an error, not with fewer entries.</summary>
    [Fact]
    public async Task A_scan_does_not_outlive_its_store()
    {
        await CommitAsync(batch =>
        {
            for (byte i = 0; i < 100; i++) batch.Put(StoreFamily.Task, [i], [i]);
        });
        using var scan = Store.Scan(StoreFamily.Task, default).GetEnumerator();
        Assert.True(scan.MoveNext());
        await ReopenAsync();

        Assert.Throws<ObjectDisposedException>(() => scan.MoveNext());
    }

    /// <summary>Closes the store and opens it again.</summary>
    protected async Task ReopenAsync()
    {
        await DisposeAsync();
        await InitializeAsync();
    }
}
