using FsCheck.Xunit;
using Rqml.Storage.RocksDb;

namespace Rqml.Storage.Tests.Contracts;

/// <summary>Any sequence of commits and reopenings leaves what a plain dictionary would hold.</summary>
public sealed class StoreModelProperties
{
    private static readonly int[] Sizes = [0, 1, 100, 600, 5_000, 9_000, 40_000];

    [Property(MaxTest = 200, Replay = "20261124,7")]
    public void The_memory_store_is_a_dictionary(Operation[][] commits) => Check(commits, new InMemoryKeyValueStore(), reopen: null);

    [Property(MaxTest = 60, Replay = "20261124,7")]
    public void The_RocksDB_store_is_a_dictionary_that_survives_reopening(Operation[][] commits)
    {
        using var folder = new TemporaryFolder(inMemory: true);
        Check(commits, Create(), Create);

        RocksDbStore Create() => new(
            new RocksDbOptions { Path = folder.Path, SegmentThresholdBytes = 4 << 10, SegmentBytes = 64 << 10, WriteBufferBytes = 64 << 10 },
            new StoreTuning { CommitsPerPrune = 3, RewriteBytes = 8 << 10 });
    }

    private static void Check(Operation[][] commits, IKeyValueStore store, Func<IKeyValueStore>? reopen)
    {
        var model = Enum.GetValues<StoreFamily>().ToDictionary(family => family, _ => new SortedDictionary<int, byte[]>());
        store.OpenAsync(CancellationToken.None).AsTask().GetAwaiter().GetResult();
        var batch = new WriteBatch();
        for (var i = 0; i < commits.Length; i++)
        {
            batch.Clear();
            foreach (var operation in commits[i]) operation.Apply(batch, model);
            store.CommitAsync(batch, CancellationToken.None).AsTask().GetAwaiter().GetResult();
            if (reopen is not null && i % 4 == 3)
            {
                store.DisposeAsync().AsTask().GetAwaiter().GetResult();
                store = reopen();
                store.OpenAsync(CancellationToken.None).AsTask().GetAwaiter().GetResult();
            }

            foreach (var (family, expected) in model)
            {
                var found = store.Scan(family, default).ToList();
                Assert.Equal(expected.Keys, found.Select(entry => (entry.Key[0] * 16) + entry.Key[1]));
                Assert.All(expected.Values.Zip(found), pair => Assert.True(pair.First.AsSpan().SequenceEqual(pair.Second.Value)));
            }
        }

        store.DisposeAsync().AsTask().GetAwaiter().GetResult();
    }

    /// <summary>One operation on a small key space: 4 prefixes of 16 keys.</summary>
    public readonly record struct Operation(byte Kind, byte Family, byte Key, byte Size)
    {
        public void Apply(WriteBatch batch, Dictionary<StoreFamily, SortedDictionary<int, byte[]>> model)
        {
            // Half of everything happens to artifacts, which have most to get wrong.
            var family = Family % 2 == 0 ? StoreFamily.Artifact : (StoreFamily)(Family % 6);
            var entries = model[family];
            var (prefix, key) = (Key / 16 % 4, Key % 64);
            byte[] name = [(byte)(key / 16), (byte)(key % 16)];
            switch (Kind % 8)
            {
                case 0:
                    batch.DeletePrefix(family, [(byte)prefix]);
                    foreach (var gone in entries.Keys.Where(each => each / 16 == prefix).ToList()) entries.Remove(gone);
                    break;
                case 1 or 2:
                    batch.Delete(family, name);
                    entries.Remove(key);
                    break;
                default:
                    entries[key] = Value();
                    batch.Put(family, name, entries[key]);
                    break;
            }
        }

        // Few different contents, so that equal ones meet; odd ones are compressible.
        private byte[] Value()
        {
            var value = new byte[Sizes[Size % Sizes.Length]];
            if (Size % 2 == 0) new Random(Size % 5).NextBytes(value);
            return value;
        }
    }
}
