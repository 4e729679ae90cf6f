using Rqml.Storage;
using Xunit;

namespace Rqml.Testing.Contracts;

/// <summary>What every <see cref="IKeyValueStore"/> promises. Derive from it in a test project and say how a store is made.</summary>
/// <remarks>Stores that outlive their process derive from <see cref="DurableKeyValueStoreContract"/>, which adds what must survive.</remarks>
public abstract class KeyValueStoreContract : IAsyncLifetime
{
    private IKeyValueStore? _store;

    /// <summary>The store under test, open and empty.</summary>
    protected IKeyValueStore Store => _store ?? throw new InvalidOperationException("The store is not open.");

    /// <summary>A new store, not yet open. All stores of one test share their content if the store is durable.</summary>
    protected abstract IKeyValueStore Create();

    /// <summary>Opens the store.</summary>
    public virtual async Task InitializeAsync()
    {
        _store = Create();
        await _store.OpenAsync(CancellationToken.None);
    }

    /// <summary>Closes the store.</summary>
    public virtual async Task DisposeAsync()
    {
        if (_store is not null) await _store.DisposeAsync();
        _store = null;
    }

    /// <summary>A committed value is read back, byte for byte.</summary>
    [Fact]
    public async Task A_committed_value_is_read_back()
    {
        await CommitAsync(batch => batch.Put(StoreFamily.Ledger, "key"u8, "value"u8));

        Assert.True(Store.TryGet(StoreFamily.Ledger, "key"u8, out var value));
        Assert.Equal("value"u8.ToArray(), value);
    }

    /// <summary>A key that was never written, or is only the beginning of one that was, is not found.</summary>
    [Fact]
    public async Task An_absent_key_is_not_found()
    {
        await CommitAsync(batch => batch.Put(StoreFamily.Ledger, "key"u8, "value"u8));

        Assert.False(Store.TryGet(StoreFamily.Ledger, "ke"u8, out _));
        Assert.False(Store.TryGet(StoreFamily.Ledger, "key2"u8, out _));
    }

    /// <summary>An empty value is a value, in every family.</summary>
    [Fact]
    public async Task An_empty_value_is_found()
    {
        foreach (var family in Enum.GetValues<StoreFamily>())
        {
            await CommitAsync(batch => batch.Put(family, "key"u8, []));

            Assert.True(Store.TryGet(family, "key"u8, out var value));
            Assert.Empty(value);
            Assert.Empty(Assert.Single(Store.Scan(family, default)).Value);
        }
    }

    /// <summary>Families know nothing of each other, and a new store is empty in all of them.</summary>
    [Fact]
    public async Task Families_are_apart()
    {
        foreach (var family in Enum.GetValues<StoreFamily>())
        {
            Assert.Empty(Store.Scan(family, default));
            Assert.False(Store.TryGet(family, "key"u8, out _));
            await CommitAsync(batch => batch.Put(family, "key"u8, [(byte)family]));
        }

        foreach (var family in Enum.GetValues<StoreFamily>()) Assert.Equal([(byte)family], Get(family, "key"u8));
    }

    /// <summary>Within a batch the later operation wins.</summary>
    [Fact]
    public async Task Operations_of_a_batch_apply_in_order()
    {
        foreach (var family in new[] { StoreFamily.Task, StoreFamily.Artifact })
        {
            foreach (var size in new[] { 8, 200_000 })
            {
                var (first, second) = (Bytes(1, size), Bytes(2, size));
                await CommitAsync(batch =>
                {
                    batch.Put(family, "a"u8, first);
                    batch.Put(family, "a"u8, second);
                    batch.Put(family, "b"u8, first);
                    batch.Delete(family, "b"u8);
                    batch.Delete(family, "c"u8);
                    batch.Put(family, "c"u8, first);
                    batch.Put(family, "da"u8, first);
                    batch.DeletePrefix(family, "d"u8);
                    batch.Put(family, "db"u8, second);
                });

                Assert.Equal(["a", "c", "db"], Keys(family));
                Assert.Equal(second, Get(family, "a"u8));
                Assert.Equal(first, Get(family, "c"u8));
                Assert.Equal(second, Get(family, "db"u8));
            }
        }
    }

    /// <summary>A prefix deletion takes every key with the prefix and no other, even where the prefix has no successor.</summary>
    [Fact]
    public async Task A_prefix_deletion_spares_its_neighbours()
    {
        byte[][] keys = [[1], [1, 0], [1, 255, 255], [2], [255], [255, 255], [255, 255, 0], [255, 255, 255, 255]];
        foreach (var prefix in new byte[][] { [1], [1, 255], [255, 255], [255], [2, 0] })
        {
            await CommitAsync(batch =>
            {
                foreach (var key in keys) batch.Put(StoreFamily.Checkpoint, key, key);
            });
            await CommitAsync(batch => batch.DeletePrefix(StoreFamily.Checkpoint, prefix));

            Assert.Equal(keys.Where(key => !key.AsSpan().StartsWith(prefix)), Store.Scan(StoreFamily.Checkpoint, default).Select(entry => entry.Key));
        }
    }

    /// <summary>A scan returns the keys with its prefix in bytewise order, unsigned and shorter first.</summary>
    [Fact]
    public async Task A_scan_is_in_bytewise_order()
    {
        byte[][] keys = [[0x7F], [], [0x80], [0x7F, 0x00], [0xFF], [0x80, 0xFF], [0x00], [0x80, 0x01]];
        await CommitAsync(batch =>
        {
            foreach (var key in keys) batch.Put(StoreFamily.Outbound, key, key);
        });

        byte[][] ordered = [[], [0x00], [0x7F], [0x7F, 0x00], [0x80], [0x80, 0x01], [0x80, 0xFF], [0xFF]];
        Assert.Equal(ordered, Store.Scan(StoreFamily.Outbound, default).Select(entry => entry.Key));
        Assert.Equal(ordered[4..7], Store.Scan(StoreFamily.Outbound, new byte[] { 0x80 }).Select(entry => entry.Key));
        Assert.Equal(ordered[7..], Store.Scan(StoreFamily.Outbound, new byte[] { 0xFF }).Select(entry => entry.Key));
        Assert.Empty(Store.Scan(StoreFamily.Outbound, new byte[] { 0x01 }));
    }

    /// <summary>A scan shows the store as of the call, however slowly it is read and whatever is purged meanwhile.</summary>
    [Fact]
    public async Task A_scan_is_as_of_the_call()
    {
        var large = Bytes(1, 300_000);
        await CommitAsync(batch =>
        {
            batch.Put(StoreFamily.Artifact, "a"u8, large);
            batch.Put(StoreFamily.Artifact, "b"u8, "small"u8);
        });
        var scan = Store.Scan(StoreFamily.Artifact, default);
        await CommitAsync(batch =>
        {
            batch.DeletePrefix(StoreFamily.Artifact, "a"u8);
            batch.Put(StoreFamily.Artifact, "b"u8, "later"u8);
            batch.Put(StoreFamily.Artifact, "c"u8, large);
        });
        for (var i = 0; i < 4; i++) await CommitAsync(batch => batch.Put(StoreFamily.Meta, "other"u8, "x"u8));

        var entries = scan.ToList();
        Assert.Equal(2, entries.Count);
        Assert.Equal(large, entries[0].Value);
        Assert.Equal("small"u8.ToArray(), entries[1].Value);
        Assert.Equal(["b", "c"], Keys(StoreFamily.Artifact));
    }

    /// <summary>A scan may be left in the middle.</summary>
    [Fact]
    public async Task A_scan_may_be_left_early()
    {
        await CommitAsync(batch =>
        {
            for (byte i = 0; i < 100; i++) batch.Put(StoreFamily.Task, [i], [i]);
        });

        Assert.Equal(3, Store.Scan(StoreFamily.Task, default).Take(3).Count());
        await CommitAsync(batch => batch.DeletePrefix(StoreFamily.Task, [1]));
        Assert.Equal(99, Store.Scan(StoreFamily.Task, default).Count());
    }

    /// <summary>Artifacts of every size come back, around each border that a store may draw.</summary>
    [Fact]
    public async Task Artifacts_of_every_size_come_back()
    {
        int[] sizes = [0, 1, 511, 512, 513, 4_095, 4_096, 65_535, 65_536, 65_537, 1 << 20, 3_000_000];
        foreach (var size in sizes)
        {
            var (random, repetitive) = (Bytes(size, size), new byte[size]);
            await CommitAsync(batch =>
            {
                batch.Put(StoreFamily.Artifact, "random"u8, random);
                batch.Put(StoreFamily.Artifact, "repetitive"u8, repetitive);
            });

            AssertSame(random, Get(StoreFamily.Artifact, "random"u8));
            AssertSame(repetitive, Get(StoreFamily.Artifact, "repetitive"u8));
            var scanned = Store.Scan(StoreFamily.Artifact, default).ToList();
            Assert.Equal(2, scanned.Count);
            AssertSame(random, scanned[0].Value);
            AssertSame(repetitive, scanned[1].Value);
        }
    }

    /// <summary>The same content under several keys stays until the last of them goes.</summary>
    [Fact]
    public async Task Equal_artifacts_are_purged_one_by_one()
    {
        var content = Bytes(7, 150_000);
        await CommitAsync(batch =>
        {
            batch.Put(StoreFamily.Artifact, "task1/x"u8, content);
            batch.Put(StoreFamily.Artifact, "task2/x"u8, content);
        });
        await CommitAsync(batch => batch.Put(StoreFamily.Artifact, "task3/x"u8, content));
        await CommitAsync(batch => batch.DeletePrefix(StoreFamily.Artifact, "task1"u8));
        Assert.Equal(content, Get(StoreFamily.Artifact, "task2/x"u8));
        await CommitAsync(batch => batch.Put(StoreFamily.Artifact, "task2/x"u8, "small"u8));
        Assert.Equal(content, Get(StoreFamily.Artifact, "task3/x"u8));
        await CommitAsync(batch => batch.Put(StoreFamily.Artifact, "task3/x"u8, content));
        Assert.Equal(content, Get(StoreFamily.Artifact, "task3/x"u8));
        await CommitAsync(batch => batch.Delete(StoreFamily.Artifact, "task3/x"u8));

        Assert.Equal(["task2/x"], Keys(StoreFamily.Artifact));
    }

    /// <summary>Old artifacts go and new ones come, and what is kept stays whole.</summary>
    [Fact]
    public async Task Artifacts_stay_whole_while_others_are_purged()
    {
        var kept = new Dictionary<string, byte[]>();
        for (var i = 0; i < 60; i++)
        {
            var (key, content) = ($"task{i:d2}", Bytes(i, 100_000));
            await CommitAsync(batch =>
            {
                batch.Put(StoreFamily.Artifact, Encode(key), content);
                if (i >= 10 && i % 5 != 0) batch.DeletePrefix(StoreFamily.Artifact, Encode($"task{i - 10:d2}"));
            });
            kept[key] = content;
            if (i >= 10 && i % 5 != 0) kept.Remove($"task{i - 10:d2}");
        }

        Assert.Equal(kept.Keys.Order(StringComparer.Ordinal), Keys(StoreFamily.Artifact));
        foreach (var (key, content) in kept) Assert.Equal(content, Get(StoreFamily.Artifact, Encode(key)));
    }

    /// <summary>A batch may be filled anew once its commit has returned, and so may the caller's arrays.</summary>
    [Fact]
    public async Task A_batch_and_its_arrays_may_be_reused()
    {
        var batch = new WriteBatch();
        var value = new byte[] { 1, 2, 3 };
        batch.Put(StoreFamily.Task, "a"u8, value);
        await Store.CommitAsync(batch, CancellationToken.None);
        value[0] = 99;
        batch.Clear();
        batch.Put(StoreFamily.Task, "b"u8, value);
        await Store.CommitAsync(batch, CancellationToken.None);
        Get(StoreFamily.Task, "a"u8)[1] = 99;

        Assert.Equal([1, 2, 3], Get(StoreFamily.Task, "a"u8));
        Assert.Equal([99, 2, 3], Get(StoreFamily.Task, "b"u8));
    }

    /// <summary>An empty batch commits.</summary>
    [Fact]
    public async Task An_empty_batch_commits()
    {
        await CommitAsync(_ => { });
        await CommitAsync(batch => batch.Put(StoreFamily.Meta, "a"u8, "1"u8));
        Assert.Equal(["a"], Keys(StoreFamily.Meta));
    }

    /// <summary>A commit whose token is cancelled beforehand leaves nothing, and the store goes on.</summary>
    [Fact]
    public async Task A_commit_cancelled_beforehand_leaves_nothing()
    {
        var batch = new WriteBatch();
        batch.Put(StoreFamily.Meta, "a"u8, "1"u8);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await Store.CommitAsync(batch, new CancellationToken(canceled: true)));
        await CommitAsync(other => other.Put(StoreFamily.Meta, "b"u8, "2"u8));

        Assert.Equal(["b"], Keys(StoreFamily.Meta));
    }

    /// <summary>Readers on other threads see each commit whole or not at all.</summary>
    [Fact]
    public async Task Readers_see_whole_commits()
    {
        using var stop = new CancellationTokenSource();
        var reader = Task.Run(() =>
        {
            var scans = 0;
            do
            {
                var values = Store.Scan(StoreFamily.Artifact, default).Select(entry => entry.Value[0]).Distinct().ToList();
                Assert.True(values.Count <= 1, $"a scan saw {values.Count} commits at once");
                scans++;
            }
            while (!stop.IsCancellationRequested);
            return scans;
        });
        for (var round = 0; round < 40; round++)
        {
            var content = Bytes(round, 70_000);
            content[0] = (byte)round;
            await CommitAsync(batch =>
            {
                batch.Put(StoreFamily.Artifact, "a"u8, content.AsSpan(0, 100));
                batch.Put(StoreFamily.Artifact, "b"u8, content);
                batch.Put(StoreFamily.Artifact, "c"u8, content.AsSpan(0, 66_000));
            });
        }

        await stop.CancelAsync();
        Assert.True(await reader > 0);
    }

    /// <summary>A store that is not open, or no more, refuses calls as misuse.</summary>
    [Fact]
    public async Task A_store_that_is_not_open_refuses_calls()
    {
        await DisposeAsync();
        var store = Create();
        Assert.Throws<InvalidOperationException>(() => store.TryGet(StoreFamily.Meta, "a"u8, out _));
        Assert.Throws<InvalidOperationException>(() => store.Scan(StoreFamily.Meta, default));
        await Assert.ThrowsAsync<InvalidOperationException>(async () => await store.CommitAsync(new WriteBatch(), CancellationToken.None));
        await store.OpenAsync(CancellationToken.None);
        await Assert.ThrowsAsync<InvalidOperationException>(async () => await store.OpenAsync(CancellationToken.None));
        await store.DisposeAsync();
        await store.DisposeAsync();
        Assert.Throws<ObjectDisposedException>(() => store.TryGet(StoreFamily.Meta, "a"u8, out _));
        Assert.Throws<ObjectDisposedException>(() => store.Scan(StoreFamily.Meta, default));
        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await store.CommitAsync(new WriteBatch(), CancellationToken.None));
        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await store.OpenAsync(CancellationToken.None));
    }

    /// <summary>Fills a batch and commits it.</summary>
    protected async Task CommitAsync(Action<WriteBatch> fill)
    {
        ArgumentNullException.ThrowIfNull(fill);
        var batch = new WriteBatch();
        fill(batch);
        await Store.CommitAsync(batch, CancellationToken.None);
    }

    /// <summary>The value of a key that must be there.</summary>
    protected byte[] Get(StoreFamily family, ReadOnlySpan<byte> key)
    {
        Assert.True(Store.TryGet(family, key, out var value), $"the key is not in {family}");
        return value;
    }

    /// <summary>Every key of a family, as text.</summary>
    protected IReadOnlyList<string> Keys(StoreFamily family) =>
        [.. Store.Scan(family, default).Select(entry => System.Text.Encoding.UTF8.GetString(entry.Key))];

    /// <summary>Incompressible bytes that depend on the seed only.</summary>
    protected static byte[] Bytes(int seed, int length)
    {
        var bytes = new byte[length];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }

    // Assert.Equal compares arrays element by element through interfaces: seconds for a few megabytes.
    private static void AssertSame(ReadOnlySpan<byte> expected, ReadOnlySpan<byte> actual) =>
        Assert.True(expected.SequenceEqual(actual), $"{actual.Length} bytes came back that are not the {expected.Length} that were stored");

    private static byte[] Encode(string key) => System.Text.Encoding.UTF8.GetBytes(key);
}
