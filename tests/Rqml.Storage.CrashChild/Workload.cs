using System.Text;

namespace Rqml.Storage.CrashChild;

/// <summary>A deterministic stream of commits: the batch of commit n follows from (seed, n) alone, so that anyone can say what a store must hold.</summary>
/// <remarks>Few keys and many writes, so that keys are overwritten, deleted, purged and written again, and values of every kind of storage occur.</remarks>
internal sealed class Workload(int seed)
{
    private const int Tasks = 12;
    private const int KeysPerTask = 6;

    /// <summary>Fills the batch of a commit.</summary>
    public void Fill(WriteBatch batch, long commit)
    {
        var random = new Random(Mix(seed, commit));
        var operations = 1 + random.Next(6);
        for (var i = 0; i < operations; i++) Add(batch, random);
    }

    private static void Add(WriteBatch batch, Random random)
    {
        var family = (StoreFamily)random.Next(6);
        if (random.Next(3) == 0) family = StoreFamily.Artifact;
        var task = random.Next(Tasks);
        var key = Encoding.ASCII.GetBytes($"task{task:d2}/{random.Next(KeysPerTask)}");
        switch (random.Next(20))
        {
            case 0: batch.DeletePrefix(family, Encoding.ASCII.GetBytes($"task{task:d2}/")); break;
            case 1 or 2 or 3: batch.Delete(family, key); break;
            default: batch.Put(family, key, Value(family, random)); break;
        }
    }

    private static byte[] Value(StoreFamily family, Random random)
    {
        var kind = random.Next(10);
        var length = family != StoreFamily.Artifact ? random.Next(200) : kind switch
        {
            < 4 => random.Next(400),
            < 7 => 512 + random.Next(3_000),
            < 9 => 4_096 + random.Next(12_000),
            _ => 30_000 + random.Next(40_000),
        };

        // A third of the values comes from a small set, so that equal content occurs; half are compressible.
        var source = random.Next(3) == 0 ? new Random(random.Next(4)) : random;
        var value = new byte[length];
        source.NextBytes(value);
        if (random.Next(2) == 0) value.AsSpan(length / 4).Fill((byte)length);
        return value;
    }

    // SplitMix64's finalizer (Steele, Lea, Flood 2014): System.HashCode differs from process to process.
    private static int Mix(int seed, long commit)
    {
        var z = unchecked((ulong)commit + ((ulong)(uint)seed << 32) + 0x9E3779B97F4A7C15UL);
        z = unchecked((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9UL);
        z = unchecked((z ^ (z >> 27)) * 0x94D049BB133111EBUL);
        return unchecked((int)(z ^ (z >> 31)));
    }
}
