using Rqml.Storage.RocksDb;

namespace Rqml.Storage.Tests.RocksDb;

/// <summary>Large artifacts in segment files: shared, purged, rewritten, healed.</summary>
public sealed class SegmentTests : IAsyncLifetime, IDisposable
{
    private const int SegmentBytes = 256 << 10;
    private const int ArtifactBytes = 20 << 10;

    private readonly TemporaryFolder _folder = new(inMemory: true);
    private RocksDbStore _store = null!;

    private string[] Segments => Directory.GetFiles(_folder["segments"]);

    public async Task InitializeAsync()
    {
        _store = new RocksDbStore(new RocksDbOptions { Path = _folder.Path, SegmentThresholdBytes = 16 << 10, SegmentBytes = SegmentBytes });
        await _store.OpenAsync(CancellationToken.None);
    }

    public async Task DisposeAsync() => await _store.DisposeAsync();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Equal_content_is_stored_once()
    {
        await CommitAsync(batch =>
        {
            for (byte task = 0; task < 50; task++) batch.Put(StoreFamily.Artifact, [task], Content(1));
        });

        Assert.True(new FileInfo(Assert.Single(Segments)).Length < 2 * ArtifactBytes);
    }

    [Fact]
    public async Task Purged_artifacts_give_their_space_back()
    {
        for (var i = 0; i < 200; i++)
        {
            await CommitAsync(batch =>
            {
                batch.Put(StoreFamily.Artifact, [(byte)i], Content(i));
                if (i >= 10) batch.DeletePrefix(StoreFamily.Artifact, [(byte)(i - 10)]);
            });
        }

        // Ten artifacts are live, in the active segment and the one before; a third may be waiting for the next commit.
        Assert.True(Segments.Length <= 3, $"{Segments.Length} segments for 10 artifacts");
        for (var i = 190; i < 200; i++) Assert.Equal(Content(i), Get((byte)i));
    }

    [Fact]
    public async Task A_mostly_dead_segment_is_rewritten_and_deleted()
    {
        // One artifact in ten stays: no segment dies by itself.
        for (var i = 0; i < 150; i++) await CommitAsync(batch => batch.Put(StoreFamily.Artifact, [(byte)i], Content(i)));
        var before = Segments.Length;
        for (var i = 0; i < 150; i++)
        {
            if (i % 10 != 0) await CommitAsync(batch => batch.Delete(StoreFamily.Artifact, [(byte)i]));
        }

        for (var i = 0; i < before; i++) await CommitAsync(batch => batch.Put(StoreFamily.Meta, "tick"u8, []));
        Assert.True(before > 10 && Segments.Sum(path => new FileInfo(path).Length) < 3 * 15 * ArtifactBytes, $"{Segments.Length} of {before} segments are left");
        for (var i = 0; i < 150; i += 10) Assert.Equal(Content(i), Get((byte)i));

        await _store.DisposeAsync();
        await InitializeAsync();
        for (var i = 0; i < 150; i += 10) Assert.Equal(Content(i), Get((byte)i));
    }

    [Fact]
    public async Task A_damaged_artifact_is_healed_by_storing_it_anew()
    {
        await CommitAsync(batch =>
        {
            batch.Put(StoreFamily.Artifact, [1], Content(1));
            batch.Put(StoreFamily.Artifact, [2], Content(1));
        });
        var segment = Assert.Single(Segments);
        var bytes = await File.ReadAllBytesAsync(segment);
        bytes[ArtifactBytes / 2] ^= 1;
        await using (var file = new FileStream(segment, FileMode.Open, FileAccess.Write, FileShare.ReadWrite)) await file.WriteAsync(bytes);
        Assert.Throws<StoreCorruptException>(() => Get(2));

        await CommitAsync(batch => batch.Put(StoreFamily.Artifact, [3], Content(1)));
        for (byte key = 1; key <= 3; key++) Assert.Equal(Content(1), Get(key));
    }

    [Fact]
    public async Task Compressible_artifacts_take_less_room()
    {
        var text = new byte[10 * ArtifactBytes];
        for (var i = 0; i < text.Length; i++) text[i] = (byte)"iteration "[i % 10];
        await CommitAsync(batch => batch.Put(StoreFamily.Artifact, [1], text));

        Assert.Equal(text, Get(1));
        Assert.True(new FileInfo(Assert.Single(Segments)).Length < text.Length / 10);
    }

    private static byte[] Content(int seed)
    {
        var content = new byte[ArtifactBytes];
        new Random(seed).NextBytes(content);
        return content;
    }

    private byte[] Get(byte key)
    {
        Assert.True(_store.TryGet(StoreFamily.Artifact, [key], out var value));
        return value;
    }

    private async Task CommitAsync(Action<WriteBatch> fill)
    {
        var batch = new WriteBatch();
        fill(batch);
        await _store.CommitAsync(batch, CancellationToken.None);
    }
}
