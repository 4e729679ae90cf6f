using FsCheck.Xunit;

namespace Rqml.Storage;

public sealed class WriteBatchTests
{
    [Property(MaxTest = 300)]
    public void Operations_come_out_as_they_went_in((byte Kind, byte Family, byte[]? Key, byte[]? Value)[] operations, bool appended)
    {
        var batch = new WriteBatch();
        batch.Put(StoreFamily.Meta, "from before"u8, "x"u8);
        batch.Clear();
        var expected = new List<(WriteKind, StoreFamily, string, string)>();
        foreach (var operation in operations)
        {
            var (kind, family) = ((WriteKind)(operation.Kind % 3), (StoreFamily)(operation.Family % 6));
            var key = operation.Key is { Length: > 0 } ? operation.Key : [7];
            var value = kind == WriteKind.Put ? operation.Value ?? [] : [];
            var target = appended ? new WriteBatch() : batch;
            if (kind == WriteKind.Put) target.Put(family, key, value);
            else if (kind == WriteKind.Delete) target.Delete(family, key);
            else target.DeletePrefix(family, key);
            if (appended) batch.Append(target);
            expected.Add((kind, family, Convert.ToHexString(key), Convert.ToHexString(value)));
        }

        var found = new List<(WriteKind, StoreFamily, string, string)>();
        foreach (var write in batch) found.Add((write.Kind, write.Family, Convert.ToHexString(write.Key), Convert.ToHexString(write.Value)));
        Assert.Equal(expected, found);
        Assert.Equal(expected.Count, batch.Count);
    }

    [Fact]
    public void A_key_longer_than_its_limit_is_refused_and_names_it()
    {
        var batch = new WriteBatch();
        batch.Put(StoreFamily.Task, new byte[WriteBatch.MaxKeyBytes], default);

        Assert.Contains("1024 bytes; this one has 1025", Assert.Throws<ArgumentException>(() => batch.Put(StoreFamily.Task, new byte[WriteBatch.MaxKeyBytes + 1], default)).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => batch.DeletePrefix(StoreFamily.Task, default));
        Assert.Throws<ArgumentOutOfRangeException>(() => batch.Delete((StoreFamily)6, "a"u8));
        Assert.Equal(1, batch.Count);
    }

    [Fact]
    public void A_batch_that_is_used_again_allocates_nothing()
    {
        var batch = new WriteBatch();
        var value = new byte[1_000];
        Fill();
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 100; i++) Fill();

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);

        void Fill()
        {
            batch.Clear();
            for (byte i = 0; i < 100; i++) batch.Put(StoreFamily.Artifact, "key"u8, value);
        }
    }
}
