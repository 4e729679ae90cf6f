using System.Security.Cryptography;
using Google.Protobuf;
using Rqml.Protocol;
using Rqml.Refinement;

namespace Rqml.Checkpoints;

/// <summary>
/// Snapshots to <c>TaskCheckpoint</c> records and the entries of their hash chain, and back. An entry names the hash of its record's content and of the
/// entry before, so that the whole history can be checked without the records that retention has removed.
/// </summary>
internal static class CheckpointCodec
{
    private const int Format = 2;

    /// <summary>The record of a snapshot and its entry, chained to the one persisted before.</summary>
    public static (Protocol.TaskCheckpoint Record, CheckpointEntry Entry) Write(Attempt attempt, RefinementSnapshot snapshot, string model, long sequence, ReadOnlySpan<byte> previousHash)
    {
        var config = new ModelConfig { Model = snapshot.Model, Tier = snapshot.Tier, Name = model };
        var record = new Protocol.TaskCheckpoint
        {
            TaskId = Records.Write(attempt.Task),
            Epoch = Records.Write(attempt.Epoch),
            Iteration = snapshot.Iteration,
            ModelConfig = config,
            SupervisionState = WriteState(snapshot),
            Format = Format,
            Sequence = sequence,
        };
        if (snapshot.HasArtifact)
        {
            record.IntermediateArtifacts.Add(Describe(snapshot.Artifact, IntermediateArtifact.Types.Role.Current));
            record.IntermediateArtifacts.Add(Describe(snapshot.Best, IntermediateArtifact.Types.Role.Best));
            record.IntermediateArtifacts.AddRange(snapshot.Recent.Select(recent => Describe(recent.Sha256, recent.Bytes.Length, IntermediateArtifact.Types.Role.Recent)));
        }

        var entry = new CheckpointEntry
        {
            TaskId = record.TaskId,
            Epoch = record.Epoch,
            Iteration = snapshot.Iteration,
            Sequence = sequence,
            ModelConfig = config,
            ContentHash = HashOf(record),
            PreviousHash = ByteString.CopyFrom(previousHash),
            Format = Format,
        };
        entry.Decisions.AddRange(snapshot.Decisions.Select(SupervisionRecords.Write));
        entry.Hash = HashOf(entry);
        record.Hash = entry.Hash;
        return (record, entry);
    }

    /// <summary>The record in these bytes; null where it is torn, tampered with beyond reading, or of another task. Whether it is whole is for its entry to say.</summary>
    public static Protocol.TaskCheckpoint? Read(byte[] bytes, TaskId task)
    {
        try
        {
            var record = Protocol.TaskCheckpoint.Parser.Read(bytes);
            return record.Format == Format && Records.ReadTask(record.TaskId) == task && IsComplete(record) ? record : null;
        }
        catch (RecordDamagedException)
        {
            return null;
        }
    }

    /// <summary>The entry in these bytes, or null where it is torn, tampered with, or of another task.</summary>
    public static CheckpointEntry? ReadEntry(byte[] bytes, TaskId task)
    {
        try
        {
            var entry = CheckpointEntry.Parser.Read(bytes);
            var isWhole = entry.Format == Format && Records.ReadTask(entry.TaskId) == task && entry.ModelConfig is not null && entry.Sequence >= 1;
            if (!isWhole) return null;
            var hash = entry.Hash;
            entry.Hash = ByteString.Empty;
            entry.Hash = HashOf(entry);
            return entry.Hash.Equals(hash) ? entry : null;
        }
        catch (RecordDamagedException)
        {
            return null;
        }
    }

    /// <summary>Whether the entry is that of the record, and the record is as it was written.</summary>
    public static bool Vouches(CheckpointEntry entry, Protocol.TaskCheckpoint record)
    {
        if (entry.Sequence != record.Sequence || !entry.Hash.Equals(record.Hash)) return false;
        var content = record.Clone();
        content.Hash = ByteString.Empty;
        return HashOf(content).Equals(entry.ContentHash);
    }

    /// <summary>The snapshot of a record, with its artifacts; null where one of them is missing or does not match its hash, or where the state says what none of ours would.</summary>
    public static RefinementSnapshot? Restore(Protocol.TaskCheckpoint record, Func<ByteString, byte[]?> artifact)
    {
        try
        {
            return ReadSnapshot(record, artifact);
        }
        catch (RecordDamagedException)
        {
            return null;
        }
    }

    /// <summary>The bytes of an artifact that the snapshot's record names.</summary>
    public static ReadOnlyMemory<byte> BytesOf(IntermediateArtifact artifact, RefinementSnapshot snapshot) => artifact.Role switch
    {
        IntermediateArtifact.Types.Role.Current => snapshot.Artifact,
        IntermediateArtifact.Types.Role.Best => snapshot.Best,
        _ => snapshot.Recent.First(recent => artifact.Sha256.Span.SequenceEqual(recent.Sha256)).Bytes,
    };

    private static RefinementSnapshot? ReadSnapshot(Protocol.TaskCheckpoint record, Func<ByteString, byte[]?> artifact)
    {
        var state = record.SupervisionState;
        var current = default(ReadOnlyMemory<byte>);
        var best = default(ReadOnlyMemory<byte>);
        var recent = new List<RecentArtifact>();
        foreach (var named in record.IntermediateArtifacts)
        {
            if (artifact(named.Sha256) is not { } bytes || !SHA256.HashData(bytes).AsSpan().SequenceEqual(named.Sha256.Span)) return null;
            if (named.Role == IntermediateArtifact.Types.Role.Current) current = bytes;
            else if (named.Role == IntermediateArtifact.Types.Role.Best) best = bytes;
            else recent.Add(new RecentArtifact(bytes));
        }

        return new RefinementSnapshot
        {
            Iteration = Check.NotNegative(record.Iteration, "An iteration"),
            Model = Check.NotNegative(record.ModelConfig.Model, "The place of a model"),
            Tier = record.ModelConfig.Tier,
            Artifact = current,
            HasArtifact = record.IntermediateArtifacts.Count > 0,
            Score = state.HasScore ? state.Score : double.NaN,
            Best = best,
            BestScore = state.HasBestScore ? state.BestScore : double.NaN,
            BestIteration = state.BestIteration,
            Similarities = [.. state.Similarities],
            Failures = state.Failures,
            Overloads = state.Overloads,
            Rejections = state.Rejections,
            ElapsedMs = state.ElapsedMs,
            Cost = state.Cost,
            IsRouted = state.IsRouted || record.Iteration > 0,      // an earlier layout did not say so
            Held = [.. state.Held],
            Recent = recent,
            Seen = [.. state.Seen],
            Novelty = state.HasNovelty ? state.Novelty : double.NaN,
            StintFrom = Math.Max(1, state.StintFrom),
            StintScore = state.HasStintScore ? state.StintScore : double.NaN,
            StintCost = state.StintCost,
            ImprovedAt = state.ImprovedAt,
            ImprovedTo = state.HasImprovedTo ? state.ImprovedTo : double.NaN,
            TimesBelow = state.TimesBelow,
            Refusal = state.HasRefusal ? state.Refusal : null,
            Rung = state.Rung,
            MayStepBack = state.MayStepBack,
            Diversity = Math.Max(1, state.Diversity),
            Explores = state.Explores,
            Used = state.Used,
            Vote = state.Vote,
            Votes = state.Votes,
            Passes = state.Passes,
            Story = SupervisionRecords.Read(state.Story),
            Maker = state.Maker,
            BestMaker = state.BestMaker,
            RefusedAt = state.RefusedAt,
        };
    }

    /// <summary>What an entry says, with the artifacts that its record names; none where the record is no longer kept.</summary>
    /// <exception cref="RecordDamagedException">Its decisions are none of ours.</exception>
    public static TaskCheckpoint Describe(CheckpointEntry entry, Protocol.TaskCheckpoint? record) => new(
        Records.ReadTask(entry.TaskId), Records.Read(entry.Epoch), entry.Iteration, entry.ModelConfig.Name, entry.ModelConfig.Tier,
        [.. record?.IntermediateArtifacts.Select(artifact => artifact.Sha256.Memory).DistinctBy(hash => Convert.ToHexString(hash.Span)) ?? []],
        [.. entry.Decisions.Select(SupervisionRecords.Read)], entry.Hash.Memory);

    private static IntermediateArtifact Describe(ReadOnlyMemory<byte> artifact, IntermediateArtifact.Types.Role role) =>
        Describe(SHA256.HashData(artifact.Span), artifact.Length, role);

    private static IntermediateArtifact Describe(byte[] sha256, int length, IntermediateArtifact.Types.Role role) =>
        new() { Role = role, Sha256 = UnsafeByteOperations.UnsafeWrap(sha256), Length = length };

    /// <summary>Over the message's own bytes while its hash is empty: protobuf writes fields in order, and the same content gives the same bytes here.</summary>
    private static ByteString HashOf(IMessage message) => UnsafeByteOperations.UnsafeWrap(SHA256.HashData(message.ToByteArray()));

    private static bool IsComplete(Protocol.TaskCheckpoint record) =>
        record is { ModelConfig: not null, SupervisionState: not null, Sequence: >= 1, IntermediateArtifacts.Count: 0 or >= 2 }
        && record.IntermediateArtifacts.All(artifact => artifact.Sha256.Length == SHA256.HashSizeInBytes);

    private static SupervisionState WriteState(RefinementSnapshot snapshot)
    {
        var state = new SupervisionState
        {
            BestIteration = snapshot.BestIteration,
            Failures = snapshot.Failures,
            Overloads = snapshot.Overloads,
            Rejections = snapshot.Rejections,
            ElapsedMs = snapshot.ElapsedMs,
            Cost = snapshot.Cost,
            IsRouted = snapshot.IsRouted,
            StintFrom = snapshot.StintFrom,
            StintCost = snapshot.StintCost,
            ImprovedAt = snapshot.ImprovedAt,
            TimesBelow = snapshot.TimesBelow,
            Rung = snapshot.Rung,
            MayStepBack = snapshot.MayStepBack,
            Diversity = snapshot.Diversity,
            Explores = snapshot.Explores,
            Used = snapshot.Used,
            Vote = snapshot.Vote,
            Votes = snapshot.Votes,
            Passes = snapshot.Passes,
            Story = SupervisionRecords.Write(snapshot.Story),
            Maker = snapshot.Maker,
            BestMaker = snapshot.BestMaker,
            RefusedAt = snapshot.RefusedAt,
        };
        if (!double.IsNaN(snapshot.Novelty)) state.Novelty = snapshot.Novelty;
        if (!double.IsNaN(snapshot.StintScore)) state.StintScore = snapshot.StintScore;
        if (!double.IsNaN(snapshot.ImprovedTo)) state.ImprovedTo = snapshot.ImprovedTo;
        if (snapshot.Refusal is { } refusal) state.Refusal = refusal;
        state.Held.AddRange(snapshot.Held);
        state.Seen.AddRange(snapshot.Seen);
        if (!double.IsNaN(snapshot.Score)) state.Score = snapshot.Score;
        if (!double.IsNaN(snapshot.BestScore)) state.BestScore = snapshot.BestScore;
        state.Similarities.AddRange(snapshot.Similarities);
        return state;
    }
}
