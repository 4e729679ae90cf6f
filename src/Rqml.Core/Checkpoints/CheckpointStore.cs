using System.Buffers.Binary;
using Google.Protobuf;
using Rqml.Diagnostics;
using Rqml.Protocol;
using Rqml.Refinement;
using Rqml.Storage;

namespace Rqml.Checkpoints;

/// <summary>
/// Where checkpoints lie: states by (task, epoch, iteration), entries by (task, 0xFF, sequence), artifacts by (task, SHA-256). Reading takes the newest
/// state that is whole.
/// </summary>
/// <remarks>A generation stays below 2^56, so that the first byte after the task tells states from entries, and a scan of the states does not touch the history.</remarks>
internal sealed class CheckpointStore(IKeyValueStore store, CheckpointInstruments instruments) : ICheckpointStore
{
    /// <summary>Length of a state's key; an entry's is shorter.</summary>
    public const int StateKeyBytes = TaskId.Bytes + 3 * sizeof(long) + sizeof(int);

    private const int EntryKeyBytes = TaskId.Bytes + 1 + sizeof(long);
    private const byte StateMark = 0;
    private const byte EntryMark = 0xFF;
    private const int MostKnown = 1_024;

    private readonly HashSet<string> _known = [];      // damage that was counted; under itself
    private long _damaged;

    /// <summary>Told of each checkpoint that was found torn or tampered with.</summary>
    public Action<TaskId>? Suspected { get; init; }

    public long Damaged => Interlocked.Read(ref _damaged);

    public IReadOnlyList<TaskCheckpoint> Read(TaskId task)
    {
        var states = new Dictionary<long, Protocol.TaskCheckpoint>();
        var keys = new Dictionary<long, byte[]>();
        foreach (var state in store.Scan(StoreFamily.Checkpoint, PrefixOf(task, StateMark)))
        {
            if (CheckpointCodec.Read(state.Value, task) is { } record) (states[record.Sequence], keys[record.Sequence]) = (record, state.Key);
            else CountDamage(task, state.Key);
        }

        var checkpoints = new List<TaskCheckpoint>();
        CheckpointEntry? before = null;
        foreach (var stored in store.Scan(StoreFamily.Checkpoint, PrefixOf(task, EntryMark)))
        {
            var entry = CheckpointCodec.ReadEntry(stored.Value, task);
            var state = entry is null ? null : states.GetValueOrDefault(entry.Sequence);
            var isWhole = entry is not null && Follows(entry, before) && (state is null || CheckpointCodec.Vouches(entry, state));
            if (isWhole && TryDescribe(entry!, state) is { } checkpoint) checkpoints.Add(checkpoint);
            else CountDamage(task, keys.GetValueOrDefault(SequenceOf(stored.Key), stored.Key));
            before = entry;
        }

        return checkpoints;
    }

    /// <summary>The newest checkpoint whose state is whole, with the chain that goes on from it; an empty one where there is none.</summary>
    public StoredCheckpoint LoadNewest(TaskId task)
    {
        var whole = new List<(KeptState State, Protocol.TaskCheckpoint Record, RefinementSnapshot Snapshot)>();
        var damaged = new List<byte[]>();
        foreach (var state in store.Scan(StoreFamily.Checkpoint, PrefixOf(task, StateMark)))
        {
            if (CheckpointCodec.Read(state.Value, task) is { } record && IsChained(task, record)
                && CheckpointCodec.Restore(record, hash => Artifact(task, hash)) is { } snapshot)
            {
                whole.Add((KeptState.Of(state.Key, record), record, snapshot));
            }
            else
            {
                damaged.Add(state.Key);
                CountDamage(task, state.Key);
            }
        }

        // By epoch, not by key: the number of a self-attempt is negative, and lies behind the others of its term.
        whole.Sort(static (left, right) => Comparer<(Epoch, int)>.Default.Compare(PlaceOf(left.State.Key), PlaceOf(right.State.Key)));
        var (sequence, hash) = LastEntry(task, whole.Count == 0 ? 0 : whole[^1].Record.Sequence);
        var chain = new CheckpointChain(sequence, hash, whole.Select(checkpoint => checkpoint.State), damaged);
        return new StoredCheckpoint(whole.Count == 0 ? RefinementSnapshot.Empty : whole[^1].Snapshot, chain);
    }

    public static byte[] KeyOf(Attempt attempt, int iteration)
    {
        var key = new byte[StateKeyBytes];
        attempt.Task.WriteTo(key);
        BinaryPrimitives.WriteInt64BigEndian(key.AsSpan(16), attempt.Epoch.Generation);
        BinaryPrimitives.WriteInt64BigEndian(key.AsSpan(24), attempt.Epoch.Term);
        BinaryPrimitives.WriteInt64BigEndian(key.AsSpan(32), attempt.Epoch.Number);
        BinaryPrimitives.WriteInt32BigEndian(key.AsSpan(40), iteration);
        return key;
    }

    /// <summary>The attempt that a state's key names.</summary>
    public static Attempt AttemptOf(ReadOnlySpan<byte> stateKey) => new(TaskId.Read(stateKey), new Epoch(
        BinaryPrimitives.ReadInt64BigEndian(stateKey[16..]), BinaryPrimitives.ReadInt64BigEndian(stateKey[24..]), BinaryPrimitives.ReadInt64BigEndian(stateKey[32..])));

    private static (Epoch Epoch, int Iteration) PlaceOf(ReadOnlySpan<byte> stateKey) => (AttemptOf(stateKey).Epoch, BinaryPrimitives.ReadInt32BigEndian(stateKey[40..]));

    public static byte[] EntryKeyOf(TaskId task, long sequence)
    {
        var key = new byte[EntryKeyBytes];
        task.WriteTo(key);
        key[TaskId.Bytes] = EntryMark;
        BinaryPrimitives.WriteInt64BigEndian(key.AsSpan(TaskId.Bytes + 1), sequence);
        return key;
    }

    public static byte[] ArtifactKeyOf(TaskId task, ReadOnlySpan<byte> hash)
    {
        var key = new byte[TaskId.Bytes + hash.Length];
        task.WriteTo(key);
        hash.CopyTo(key.AsSpan(TaskId.Bytes));
        return key;
    }

    /// <summary>Whether its entry vouches for the record, and follows the entry before it. An entry before that is lost or damaged says nothing against this one.</summary>
    private bool IsChained(TaskId task, Protocol.TaskCheckpoint record) =>
        Entry(task, record.Sequence) is { } entry && CheckpointCodec.Vouches(entry, record) && Follows(entry, Entry(task, record.Sequence - 1));

    /// <summary>Where the history ends: behind the newest state, whose entry is the last but for damage. It is never written over.</summary>
    private (long Sequence, byte[] Hash) LastEntry(TaskId task, long sequence)
    {
        if (sequence == 0) sequence = store.Scan(StoreFamily.Checkpoint, PrefixOf(task, EntryMark)).Select(entry => SequenceOf(entry.Key)).LastOrDefault();
        while (IsThere(task, sequence + 1)) sequence++;
        return (sequence, Entry(task, sequence)?.Hash.ToByteArray() ?? []);
    }

    private bool IsThere(TaskId task, long sequence)
    {
        try
        {
            return store.TryGet(StoreFamily.Checkpoint, EntryKeyOf(task, sequence), out _);
        }
        catch (StoreCorruptException)
        {
            return true;
        }
    }

    private static TaskCheckpoint? TryDescribe(CheckpointEntry entry, Protocol.TaskCheckpoint? state)
    {
        try
        {
            return CheckpointCodec.Describe(entry, state);
        }
        catch (RecordDamagedException)
        {
            return null;
        }
    }

    private static long SequenceOf(byte[] entryKey) => entryKey.Length == EntryKeyBytes ? BinaryPrimitives.ReadInt64BigEndian(entryKey.AsSpan(TaskId.Bytes + 1)) : 0;

    private static bool Follows(CheckpointEntry entry, CheckpointEntry? before)
    {
        if (entry.Sequence == 1) return entry.PreviousHash.IsEmpty;
        return before is null || before.Sequence != entry.Sequence - 1 || before.Hash.Equals(entry.PreviousHash);
    }

    private CheckpointEntry? Entry(TaskId task, long sequence) =>
        TryGet(StoreFamily.Checkpoint, EntryKeyOf(task, sequence)) is { } bytes ? CheckpointCodec.ReadEntry(bytes, task) : null;

    private byte[]? Artifact(TaskId task, ByteString hash) => TryGet(StoreFamily.Artifact, ArtifactKeyOf(task, hash.Span));

    private byte[]? TryGet(StoreFamily family, byte[] key)
    {
        try
        {
            return store.TryGet(family, key, out var value) ? value : null;
        }
        catch (StoreCorruptException)
        {
            return null;      // what is damaged makes its checkpoint count as damaged; the one before is used
        }
    }

    /// <summary>Once each: a page that is read every few seconds finds the same again.</summary>
    private void CountDamage(TaskId task, byte[] key)
    {
        lock (_known)
        {
            if (!_known.Add(Convert.ToHexString(key))) return;
            if (_known.Count >= MostKnown) _known.Clear();
        }

        Interlocked.Increment(ref _damaged);
        instruments.Damaged();
        Suspected?.Invoke(task);
    }

    private static byte[] PrefixOf(TaskId task, byte mark) => [.. task.ToByteArray(), mark];
}

/// <summary>A checkpoint that was found whole, and the chain that goes on from it.</summary>
internal sealed record StoredCheckpoint(RefinementSnapshot Snapshot, CheckpointChain Chain);
