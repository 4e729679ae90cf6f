using Google.Protobuf;
using Rqml.Refinement;
using Rqml.Storage;

namespace Rqml.Checkpoints;

/// <summary>
/// The checkpoints of one task as they lie in its node's store, whichever attempt wrote them. Only the store's writer appends.
/// </summary>
/// <remarks>
/// A checkpoint has two parts. Its state (record and artifacts) is what a task resumes from: the newest three are kept, so that opening a task of 100,000
/// iterations reads three records. Its entry (decisions, and the hash that chains it to the entry before) stays until the task is done, a hundred bytes
/// or so: nothing of the history is lost, and it is read only when somebody asks for it. An artifact stays as long as one of the kept states names it.
/// </remarks>
internal sealed class CheckpointChain
{
    /// <summary>States that are kept: the newest, and two to fall back on should it turn out damaged.</summary>
    public const int Kept = 3;

    private readonly List<KeptState> _kept;
    private readonly List<byte[]> _damaged;
    private byte[] _hash;
    private long _sequence;

    /// <summary>A task without checkpoints.</summary>
    public CheckpointChain() : this(0, [], [], []) { }

    /// <summary>A task as it was found: where its history ends, the whole states, oldest first, and the keys of damaged ones, which the next checkpoint removes.</summary>
    public CheckpointChain(long sequence, byte[] hash, IEnumerable<KeptState> kept, IEnumerable<byte[]> damaged)
    {
        (_sequence, _hash, _kept, _damaged) = (sequence, hash, [.. kept], [.. damaged]);
    }

    /// <summary>Writes the snapshot as the newest checkpoint, and removes what retention no longer keeps.</summary>
    public void Append(Attempt attempt, RefinementSnapshot snapshot, string model, WriteBatch batch)
    {
        var (record, entry) = CheckpointCodec.Write(attempt, snapshot, model, ++_sequence, _hash);
        _hash = entry.Hash.ToByteArray();
        foreach (var key in _damaged) batch.Delete(StoreFamily.Checkpoint, key);
        _damaged.Clear();

        var state = KeptState.Of(CheckpointStore.KeyOf(attempt, snapshot.Iteration), record);
        foreach (var hash in state.Artifacts)
        {
            if (Names(hash)) continue;      // it is there already
            var artifact = record.IntermediateArtifacts.First(named => named.Sha256.Span.SequenceEqual(hash));
            batch.Put(StoreFamily.Artifact, CheckpointStore.ArtifactKeyOf(attempt.Task, hash), CheckpointCodec.BytesOf(artifact, snapshot).Span);
        }

        batch.Put(StoreFamily.Checkpoint, state.Key, record.ToByteArray());
        batch.Put(StoreFamily.Checkpoint, CheckpointStore.EntryKeyOf(attempt.Task, _sequence), entry.ToByteArray());
        Retain(attempt.Task, state, batch);
    }

    private bool Names(ReadOnlySpan<byte> hash)
    {
        foreach (var state in _kept)
        {
            if (state.Names(hash)) return true;
        }

        return false;
    }

    private void Retain(TaskId task, KeptState newest, WriteBatch batch)
    {
        // A pass that failed leaves another checkpoint of the same iteration: it has taken the place of the one before.
        var replaced = _kept.FindIndex(state => state.Key.AsSpan().SequenceEqual(newest.Key));
        var gone = replaced >= 0 ? _kept[replaced] : _kept.Count == Kept ? _kept[0] : null;
        if (gone is not null) _kept.Remove(gone);
        _kept.Add(newest);
        if (gone is null) return;
        if (replaced < 0) batch.Delete(StoreFamily.Checkpoint, gone.Key);
        foreach (var hash in gone.Artifacts)
        {
            if (!Names(hash)) batch.Delete(StoreFamily.Artifact, CheckpointStore.ArtifactKeyOf(task, hash));
        }
    }
}

/// <summary>A state that is kept: its key, and the artifacts that it names, each once.</summary>
internal sealed class KeptState
{
    private KeptState(byte[] key, IReadOnlyList<byte[]> artifacts) => (Key, Artifacts) = (key, artifacts);

    public byte[] Key { get; }

    public IReadOnlyList<byte[]> Artifacts { get; }

    public static KeptState Of(byte[] key, Protocol.TaskCheckpoint record)
    {
        var artifacts = new List<byte[]>(2);
        foreach (var artifact in record.IntermediateArtifacts)
        {
            if (!artifacts.Exists(known => artifact.Sha256.Span.SequenceEqual(known))) artifacts.Add(artifact.Sha256.ToByteArray());
        }

        return new KeptState(key, artifacts);
    }

    public bool Names(ReadOnlySpan<byte> hash)
    {
        foreach (var artifact in Artifacts)
        {
            if (hash.SequenceEqual(artifact)) return true;
        }

        return false;
    }
}
