using System.Buffers.Binary;
using Google.Protobuf;
using Rqml.Refinement;
using Rqml.Storage;

namespace Rqml.Checkpoints;

/// <summary>Where checkpoints lie: records by (task, epoch, iteration), artifacts by (task, SHA-256). Reading takes the newest that is whole.</summary>
internal sealed class CheckpointStore(IKeyValueStore store) : ICheckpointStore
{
    private const int KeyBytes = TaskId.Bytes + 3 * sizeof(long) + sizeof(int);
    private long _damaged;

    public long Damaged => Interlocked.Read(ref _damaged);

    public IReadOnlyList<TaskCheckpoint> Read(TaskId task) => [.. Records(task).Select(CheckpointCodec.Describe)];

    /// <summary>The newest checkpoint whose record and artifacts are whole; the empty one where there is none.</summary>
    public StoredCheckpoint LoadNewest(TaskId task)
    {
        foreach (var record in Enumerable.Reverse(Records(task)))
        {
            if (CheckpointCodec.Restore(record, hash => Artifact(task, hash)) is { } snapshot) return new StoredCheckpoint(snapshot, record.Hash.ToByteArray());
            Interlocked.Increment(ref _damaged);
        }

        return StoredCheckpoint.None;
    }

    public static byte[] KeyOf(Attempt attempt, int iteration)
    {
        var key = new byte[KeyBytes];
        attempt.Task.WriteTo(key);
        BinaryPrimitives.WriteInt64BigEndian(key.AsSpan(16), attempt.Epoch.Generation);
        BinaryPrimitives.WriteInt64BigEndian(key.AsSpan(24), attempt.Epoch.Term);
        BinaryPrimitives.WriteInt64BigEndian(key.AsSpan(32), attempt.Epoch.Number);
        BinaryPrimitives.WriteInt32BigEndian(key.AsSpan(40), iteration);
        return key;
    }

    public static byte[] ArtifactKeyOf(TaskId task, ReadOnlySpan<byte> hash)
    {
        var key = new byte[TaskId.Bytes + hash.Length];
        task.WriteTo(key);
        hash.CopyTo(key.AsSpan(TaskId.Bytes));
        return key;
    }

    private List<Protocol.TaskCheckpoint> Records(TaskId task)
    {
        var records = new List<Protocol.TaskCheckpoint>();
        foreach (var entry in store.Scan(StoreFamily.Checkpoint, task.ToByteArray()))
        {
            if (CheckpointCodec.Read(entry.Value, task) is { } record) records.Add(record);
            else Interlocked.Increment(ref _damaged);
        }

        return records;
    }

    private byte[]? Artifact(TaskId task, ByteString hash)
    {
        try
        {
            return store.TryGet(StoreFamily.Artifact, ArtifactKeyOf(task, hash.Span), out var value) ? value : null;
        }
        catch (StoreCorruptException)
        {
            return null;      // a damaged artifact makes its checkpoint count as damaged; the one before is used
        }
    }
}

/// <summary>A checkpoint that was found whole, and the hash that the next one chains to.</summary>
internal sealed record StoredCheckpoint(RefinementSnapshot Snapshot, byte[] Hash)
{
    public static StoredCheckpoint None { get; } = new(RefinementSnapshot.Empty, []);
}
