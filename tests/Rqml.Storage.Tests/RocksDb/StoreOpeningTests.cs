using Rqml.Storage.CrashChild;
using Rqml.Storage.RocksDb;
using Rqml.Storage.RocksDb.Database;
using Rqml.Storage.RocksDb.Database.Native;
using Rqml.Storage.RocksDb.Durability;
using Rqml.Storage.Tests.Crashes;

namespace Rqml.Storage.Tests.RocksDb;

/// <summary>What keeps a store from opening, and what it says then.</summary>
public sealed class StoreOpeningTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private string Store => _folder["store"];

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_store_that_another_process_holds_is_in_use()
    {
        using var child = StoreChild.Start(Store, seed: 1, commits: int.MaxValue);
        Assert.True(child.ReadUntil(ReportKind.Acknowledged));
        await Assert.ThrowsAsync<StoreInUseException>(() => OpenAsync());
        child.Kill();
        child.End();

        await using var store = await OpenAsync();
        Assert.True(store.LastCommit >= child.Acknowledged);
    }

    [Fact]
    public async Task A_path_that_is_a_file_or_cannot_be_made_is_a_failure_with_its_cause()
    {
        await File.WriteAllTextAsync(Store, "not a folder");
        var error = await Assert.ThrowsAsync<StoreFailedException>(() => OpenAsync());
        Assert.Contains(Store, error.Cause, StringComparison.Ordinal);

        // /proc refuses every new folder, whoever asks: the tests may run as root.
        await Assert.ThrowsAsync<StoreFailedException>(() => OpenAsync(new RocksDbOptions { Path = "/proc/rqml/store" }));
    }

    [Fact]
    public async Task A_newer_format_is_named_and_left_alone()
    {
        await MakeAsync(commits: 3);
        RewriteMark(mark => mark with { Format = 7 });

        var error = await Assert.ThrowsAsync<StoreFormatException>(() => OpenAsync());
        Assert.Equal((7, 1, 1), (error.Found, error.Oldest, error.Newest));
        RewriteMark(mark => mark with { Format = 1 });
        await using var store = await OpenAsync();
        Assert.Equal(3, store.LastCommit);
    }

    [Fact]
    public async Task A_store_behind_its_mark_has_regressed_until_that_is_accepted()
    {
        await MakeAsync(commits: 5);
        RewriteMark(mark => mark with { Commit = 9 });

        var error = await Assert.ThrowsAsync<StoreRegressedException>(() => OpenAsync());
        Assert.Equal((9, 5), (error.Acknowledged, error.Found));
        await Assert.ThrowsAsync<StoreRegressedException>(() => OpenAsync());

        await using (var accepted = await OpenAsync(Options(accept: true)))
        {
            Assert.Equal(new StoreRegression(9, 5), accepted.Regression);
            Assert.Equal(5, accepted.LastCommit);
        }

        await using var store = await OpenAsync();
        Assert.Null(store.Regression);
    }

    [Fact]
    public async Task One_flipped_byte_in_the_middle_of_the_log_is_a_regression()
    {
        // As RocksDB recovers it, half of what was synced is gone and nothing is said.
        using (var child = StoreChild.Start(Store, seed: 1, commits: 25, StoreStep.MarkWritten, passes: 24)) child.End();
        var log = Directory.EnumerateFiles(Path.Combine(Store, "db"), "*.log").MaxBy(path => new FileInfo(path).Length)!;
        var bytes = await File.ReadAllBytesAsync(log);
        bytes[bytes.Length / 2] ^= 1;
        await File.WriteAllBytesAsync(log, bytes);

        var error = await Assert.ThrowsAsync<StoreRegressedException>(() => OpenAsync());
        Assert.Equal(25, error.Acknowledged);
        Assert.True(error.Found < 25);
    }

    /// <summary>RocksDB itself reads such a record for ever.</summary>
    [Theory]
    [InlineData(5)]
    [InlineData(6)]
    [InlineData(7)]
    [InlineData(8)]
    [InlineData(11)]
    public async Task A_record_of_a_log_that_is_used_again_is_damage_in_the_manifest_and_the_end_of_a_write_ahead_log(byte type)
    {
        using (var child = StoreChild.Start(Store, seed: 1, commits: 25, StoreStep.MarkWritten, passes: 24)) child.End();
        Change("MANIFEST-*", manifest => OfType(manifest, type));
        Assert.Contains("MANIFEST", (await Assert.ThrowsAsync<StoreCorruptException>(() => OpenAsync(new RocksDbOptions { Path = _folder["changed"] }))).What, StringComparison.Ordinal);

        Change("*.log", log => OfType(log, type));
        Assert.True((await Assert.ThrowsAsync<StoreRegressedException>(() => OpenAsync(new RocksDbOptions { Path = _folder["changed"] }))).Found < 25);

        // A torn tail that was never acknowledged does no harm, whatever it looks like.
        Change("*.log", log => [.. log, 1, 2, 3, 4, 9, 0, type, .. "a torn tail"u8]);
        await using var store = await OpenAsync(new RocksDbOptions { Path = _folder["changed"] });
        Assert.Equal(25, store.LastCommit);
    }

    [Fact]
    public void Such_a_record_is_found_behind_the_first_block_of_a_log_too()
    {
        const int Block = 32 << 10;
        Directory.CreateDirectory(Store);
        var log = Path.Combine(Store, "000001.log");
        var record = new byte[Block];
        record[6] = 1;      // full
        BitConverter.TryWriteBytes(record.AsSpan(4), (ushort)(Block - 7));
        var crc = Checksum.Of(record.AsSpan(6));
        BitConverter.TryWriteBytes(record, unchecked(((crc >> 15) | (crc << 17)) + 0xA282EAD8));
        File.WriteAllBytes(log, [.. record, 1, 2, 3, 4, 9, 0, 5, .. "a torn tail"u8]);

        Assert.Equal($"the record at byte {Block} of 000001.log", LogTrap.Disarm(Store));
        Assert.Equal(0x7F, File.ReadAllBytes(log)[Block + 6]);
        Assert.Null(LogTrap.Disarm(Store));
    }

    [Fact]
    public async Task A_missing_mark_is_damage_where_there_is_data()
    {
        await MakeAsync(commits: 2);
        File.Delete(Path.Combine(Store, "highwater"));
        Assert.Contains("missing", (await Assert.ThrowsAsync<StoreCorruptException>(() => OpenAsync())).What, StringComparison.Ordinal);
    }

    [Fact]
    public async Task One_damaged_slot_of_the_mark_does_no_harm_and_two_are_damage()
    {
        await MakeAsync(commits: 4);
        foreach (var slot in new[] { 0, HighWaterMark.SlotStride })
        {
            Flip("highwater", slot + 40);
            await using var store = await OpenAsync();
            Assert.Equal(4, store.LastCommit);
        }

        Flip("highwater", 40);
        Flip("highwater", HighWaterMark.SlotStride + 40);
        await Assert.ThrowsAsync<StoreCorruptException>(() => OpenAsync());
    }

    [Fact]
    public async Task The_mark_of_another_store_is_refused()
    {
        await MakeAsync(commits: 2);
        RewriteMark(mark => mark with { StoreId = Guid.Empty });
        Assert.Contains("different stores", (await Assert.ThrowsAsync<StoreCorruptException>(() => OpenAsync())).What, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_older_copy_of_the_mark_is_refused()
    {
        await MakeAsync(commits: 9);
        RewriteMark(mark => mark with { Commit = 5 });
        Assert.Contains("older", (await Assert.ThrowsAsync<StoreCorruptException>(() => OpenAsync())).What, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_hole_among_the_commits_is_damage()
    {
        await MakeAsync(commits: 9);
        using (var database = KeyValueDatabase.Open(Path.Combine(Store, "db"), Options(), create: false))
        using (var batch = new NativeBatch())
        {
            batch.Delete([(byte)'c', 0, 0, 0, 0, 0, 0, 0, 4], database.Own);
            database.WriteSynced(batch);
        }

        Assert.Contains("commits 4 to 4 are missing", (await Assert.ThrowsAsync<StoreCorruptException>(() => OpenAsync())).What, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Verifying_always_finds_a_damaged_artifact_after_a_clean_close()
    {
        await MakeAsync(commits: 1, artifactBytes: 100_000);
        var segment = Path.GetFileName(Assert.Single(Directory.EnumerateFiles(Path.Combine(Store, "segments"))));
        Flip(Path.Combine("segments", segment), 50_000);

        await using (var store = await OpenAsync())
        {
            Assert.Throws<StoreCorruptException>(() => store.TryGet(StoreFamily.Artifact, "artifact"u8, out _));
            Assert.Throws<StoreCorruptException>(() => store.Scan(StoreFamily.Artifact, default).Count());
        }

        var options = Options();
        options.Verification = StoreVerification.Always;
        await Assert.ThrowsAsync<StoreCorruptException>(() => OpenAsync(options));
    }

    [Fact]
    public void Options_out_of_range_are_named_all_at_once()
    {
        var options = new RocksDbOptions { Path = " ", SegmentBytes = 1, SegmentThresholdBytes = 0, WriteBufferBytes = -1, BlockCacheBytes = 0 };
        var error = Assert.Throws<Microsoft.Extensions.Options.OptionsValidationException>(() => new RocksDbStore(options));
        Assert.Equal(5, error.Failures.Count());
        Assert.Contains(error.Failures, fault => fault.Contains("SegmentBytes is 1; it must be from 65536", StringComparison.Ordinal));
    }

    private RocksDbOptions Options(bool accept = false) => new() { Path = Store, AcceptRegression = accept };

    private async Task<RocksDbStore> OpenAsync(RocksDbOptions? options = null)
    {
        var store = new RocksDbStore(options ?? Options());
        try
        {
            await store.OpenAsync(CancellationToken.None);
            return store;
        }
        catch
        {
            await store.DisposeAsync();
            throw;
        }
    }

    private async Task MakeAsync(int commits, int artifactBytes = 0)
    {
        await using var store = await OpenAsync();
        var batch = new WriteBatch();
        for (var commit = 1; commit <= commits; commit++)
        {
            batch.Clear();
            batch.Put(StoreFamily.Ledger, [(byte)commit], [(byte)commit]);
            var artifact = new byte[artifactBytes];
            new Random(commit).NextBytes(artifact);
            batch.Put(StoreFamily.Artifact, "artifact"u8, artifact);
            await store.CommitAsync(batch, CancellationToken.None);
        }
    }

    /// <summary>Makes a copy of the store in which the longest of these files is another.</summary>
    private void Change(string files, Func<byte[], byte[]> change)
    {
        if (Directory.Exists(_folder["changed"])) Directory.Delete(_folder["changed"], recursive: true);
        FolderCopy.Make(Store, _folder["changed"]);
        var file = Directory.EnumerateFiles(Path.Combine(_folder["changed"], "db"), files).MaxBy(path => new FileInfo(path).Length)!;
        File.WriteAllBytes(file, change(File.ReadAllBytes(file)));
    }

    /// <summary>The log with another type for its second record.</summary>
    private static byte[] OfType(byte[] log, byte type)
    {
        byte[] changed = [.. log];
        var second = 7 + (log[4] | (log[5] << 8));
        changed[second + 6] = type;
        return changed;
    }

    private void RewriteMark(Func<MarkSlot, MarkSlot> change)
    {
        var path = Path.Combine(Store, "highwater");
        var content = File.ReadAllBytes(path);
        Assert.True(MarkSlot.TryRead(content, out var even) & MarkSlot.TryRead(content.AsSpan(HighWaterMark.SlotStride), out var odd));
        change(even!.Value).Write(content);
        change(odd!.Value).Write(content.AsSpan(HighWaterMark.SlotStride));
        File.WriteAllBytes(path, content);
    }

    private void Flip(string name, int at)
    {
        var path = Path.Combine(Store, name);
        var content = File.ReadAllBytes(path);
        content[at] ^= 1;
        File.WriteAllBytes(path, content);
    }
}
