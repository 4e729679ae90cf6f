using System.Security.Cryptography;
using Google.Protobuf;
using Rqml.Protocol;
using Rqml.Refinement;
using Rqml.Supervision;

namespace Rqml.Checkpoints;

/// <summary>
/// A whole checkpoint in one value, its artifacts included: what the coordination store holds of a task, so that another node goes on with it where the disk with
/// the others is out of reach. Its decisions stay on that disk; what they came to is in its state.
/// </summary>
internal static class InlineCheckpoint
{
    /// <summary>The store is for small things: a longer checkpoint is not kept there.</summary>
    public const int MaxBytes = 4_096;

    /// <summary>The checkpoint as one value; null where it would be too long.</summary>
    public static byte[]? Write(Attempt attempt, RefinementSnapshot snapshot, string model)
    {
        if (!snapshot.HasArtifact || snapshot.Artifact.Length > MaxBytes || snapshot.Best.Length > MaxBytes) return null;
        var (state, entry) = CheckpointCodec.Write(attempt, snapshot with { Decisions = DecisionChain.None }, model, sequence: 1, previousHash: []);
        var record = new InlineCheckpointRecord { State = state.ToByteString(), Entry = entry.ToByteString() };
        foreach (var artifact in state.IntermediateArtifacts.DistinctBy(artifact => artifact.Sha256))
        {
            record.Artifacts.Add(UnsafeByteOperations.UnsafeWrap(CheckpointCodec.BytesOf(artifact, snapshot)));
            if (record.CalculateSize() > MaxBytes) return null;
        }

        return record.ToByteArray();
    }

    /// <summary>What the value holds; null where it is torn, tampered with, or of another task.</summary>
    public static RefinementSnapshot? Read(ReadOnlySpan<byte> value, TaskId task)
    {
        if (value.Length > MaxBytes) return null;
        try
        {
            var record = InlineCheckpointRecord.Parser.Read(value);
            var state = CheckpointCodec.Read(record.State.ToByteArray(), task);
            var entry = CheckpointCodec.ReadEntry(record.Entry.ToByteArray(), task);
            if (state is null || entry is null || !CheckpointCodec.Vouches(entry, state)) return null;
            var artifacts = record.Artifacts.Select(artifact => artifact.ToByteArray()).DistinctBy(Digest).ToDictionary(Digest);
            return CheckpointCodec.Restore(state, hash => artifacts.GetValueOrDefault(hash));
        }
        catch (RecordDamagedException)
        {
            return null;
        }
    }

    private static ByteString Digest(byte[] artifact) => UnsafeByteOperations.UnsafeWrap(SHA256.HashData(artifact));
}
