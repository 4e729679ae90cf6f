using Google.Protobuf;
using Rqml.Refinement;
using Rqml.Storage;

namespace Rqml.Checkpoints;

/// <summary>
/// Where a worker leaves an attempt's newest snapshot and goes on: the writer fetches it when its turn comes. A newer snapshot replaces an unwritten
/// older one, but takes over its decisions. Never waits, never blocks.
/// </summary>
internal sealed class CheckpointSlot(Attempt attempt, GroupCommit writer, int keep, byte[] previousHash) : IDirty
{
    private readonly Queue<byte[][]> _kept = new();
    private RefinementSnapshot? _pending;
    private string _model = "";
    private byte[] _previousHash = previousHash;
    private volatile bool _closed;

    /// <summary>Snapshots that a newer one replaced unwritten.</summary>
    public long Replaced { get; private set; }

    /// <summary>Hands over a snapshot. One worker at a time.</summary>
    public void Put(RefinementSnapshot snapshot, string model)
    {
        _model = model;
        var unwritten = Interlocked.Exchange(ref _pending, null);
        if (unwritten is not null)
        {
            Replaced++;
            snapshot = snapshot with { Decisions = [.. unwritten.Decisions, .. snapshot.Decisions] };
        }

        Volatile.Write(ref _pending, snapshot);
        writer.MarkDirty(this);
    }

    /// <summary>Nothing more is to be written: the task has a result, or is dropped.</summary>
    public void Close() => _closed = true;

    public void Encode(WriteBatch batch)
    {
        var snapshot = Interlocked.Exchange(ref _pending, null);
        if (snapshot is null || _closed) return;
        var record = CheckpointCodec.Write(attempt, snapshot, _model, _previousHash);
        _previousHash = record.Hash.ToByteArray();
        var hashes = new List<byte[]>(2);
        foreach (var artifact in record.IntermediateArtifacts)
        {
            var hash = artifact.Sha256.ToByteArray();
            if (hashes.Any(known => known.AsSpan().SequenceEqual(hash))) continue;
            hashes.Add(hash);
            if (IsKept(hash)) continue;
            var bytes = artifact.Role == Protocol.IntermediateArtifact.Types.Role.Current ? snapshot.Artifact : snapshot.Best;
            batch.Put(StoreFamily.Artifact, CheckpointStore.ArtifactKeyOf(attempt.Task, hash), bytes.Span);
        }

        batch.Put(StoreFamily.Checkpoint, CheckpointStore.KeyOf(attempt, snapshot.Iteration), record.ToByteArray());
        Retain([.. hashes], batch);
    }

    private bool IsKept(byte[] hash) => _kept.Any(kept => kept.Any(known => known.AsSpan().SequenceEqual(hash)));

    /// <summary>Artifacts that none of the last few checkpoints names go; the records stay until the task is done, so that its chain is whole.</summary>
    private void Retain(byte[][] hashes, WriteBatch batch)
    {
        _kept.Enqueue(hashes);
        if (_kept.Count <= keep) return;
        foreach (var hash in _kept.Dequeue())
        {
            if (!IsKept(hash)) batch.Delete(StoreFamily.Artifact, CheckpointStore.ArtifactKeyOf(attempt.Task, hash));
        }
    }
}
