using System.Buffers.Binary;
using Rqml.Storage.RocksDb.Database;
using Rqml.Storage.RocksDb.Database.Native;

namespace Rqml.Storage.RocksDb.Durability;

/// <summary>
/// One record per commit, in the same RocksDB batch as the commit itself. The last one is compared with the high-water mark; a hole between them
/// shows that RocksDB lost something in the middle (a table or log that its manifest forgot), which its own sequence would hide.
/// </summary>
/// <remarks>
/// Pruned in steps that follow a flush of all families, and by one step less than was flushed: the records that remain always reach into the last
/// flush, so that a lost flush takes some of them with it. Written by one thread.
/// </remarks>
internal sealed class CommitLog(KeyValueDatabase database)
{
    private const byte CommitTag = (byte)'c';
    private static readonly byte[] FirstKey = [(byte)'b'];

    private readonly byte[] _key = new byte[1 + sizeof(long)];
    private readonly byte[] _end = new byte[1 + sizeof(long)];
    private long _first = 1;

    /// <summary>Number of the last commit; 0 before the first.</summary>
    public long Last { get; private set; }

    /// <summary>Adds to the batch that creates the database.</summary>
    public void Create(NativeBatch batch) => PutFirst(batch, 1);

    /// <summary>Reads the log and checks that it has no hole.</summary>
    /// <exception cref="StoreCorruptException">It has, or something else lies in it.</exception>
    public void Read(string store)
    {
        using (var first = database.Get(database.Own, FirstKey))
        {
            if (first.Bytes.Length != sizeof(long)) throw new StoreCorruptException(store, "its commit log has no beginning");
            _first = BinaryPrimitives.ReadInt64BigEndian(first.Bytes);
        }

        Last = _first - 1;
        using var commits = database.Walk(database.Own, [CommitTag]);
        while (commits.MoveNext())
        {
            if (commits.Key.Length != 1 + sizeof(long)) throw new StoreCorruptException(store, $"a key of its commit log has {commits.Key.Length} bytes");
            var commit = BinaryPrimitives.ReadInt64BigEndian(commits.Key[1..]);
            if (commit != Last + 1) throw new StoreCorruptException(store, $"commits {Last + 1} to {commit - 1} are missing");
            Last = commit;
        }
    }

    /// <summary>Adds the next commit to its batch.</summary>
    public long Append(NativeBatch batch)
    {
        WriteKey(_key, ++Last);
        batch.Put(_key, ReadOnlySpan<byte>.Empty, database.Own);
        return Last;
    }

    /// <summary>Forgets all but the last <paramref name="kept"/> commits. Call after a flush that covers what is kept.</summary>
    public void Prune(NativeBatch batch, long kept)
    {
        var first = Math.Max(_first, Last - kept + 1);
        WriteKey(_key, 0);
        WriteKey(_end, first);
        batch.DeleteRange(_key, _end, database.Own);
        PutFirst(batch, first);
        _first = first;
    }

    /// <summary>Commits that the log holds.</summary>
    public long Count => Last - _first + 1;

    private void PutFirst(NativeBatch batch, long first)
    {
        Span<byte> value = stackalloc byte[sizeof(long)];
        BinaryPrimitives.WriteInt64BigEndian(value, first);
        batch.Put(FirstKey, value, database.Own);
    }

    private static void WriteKey(Span<byte> key, long commit)
    {
        key[0] = CommitTag;
        BinaryPrimitives.WriteInt64BigEndian(key[1..], commit);
    }
}
