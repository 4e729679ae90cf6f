using System.Security.Cryptography;
using Google.Protobuf;
using Rqml.Protocol;
using Rqml.Refinement;
using Rqml.Supervision;

namespace Rqml.Checkpoints;

/// <summary>Snapshots to <c>TaskCheckpoint</c> records with their hash chain, and back.</summary>
internal static class CheckpointCodec
{
    private const int Format = 1;

    /// <summary>The record of a snapshot, chained to the one persisted before.</summary>
    public static Protocol.TaskCheckpoint Write(Attempt attempt, RefinementSnapshot snapshot, string model, ReadOnlySpan<byte> previousHash)
    {
        var record = new Protocol.TaskCheckpoint
        {
            TaskId = Records.Write(attempt.Task),
            Epoch = Records.Write(attempt.Epoch),
            Iteration = snapshot.Iteration,
            ModelConfig = new ModelConfig { Model = snapshot.Model, Tier = snapshot.Tier, Name = model },
            SupervisionState = WriteState(snapshot),
            PreviousHash = ByteString.CopyFrom(previousHash),
            Format = Format,
        };
        if (snapshot.HasArtifact)
        {
            record.IntermediateArtifacts.Add(Describe(snapshot.Artifact, IntermediateArtifact.Types.Role.Current));
            record.IntermediateArtifacts.Add(Describe(snapshot.Best, IntermediateArtifact.Types.Role.Best));
        }

        record.Hash = Hash(record);
        return record;
    }

    /// <summary>The record in these bytes, or null where it is torn, tampered with, or of another task.</summary>
    public static Protocol.TaskCheckpoint? Read(byte[] bytes, TaskId task)
    {
        try
        {
            var record = Protocol.TaskCheckpoint.Parser.ParseFrom(bytes);
            return record.Format == Format && Records.ReadTask(record.TaskId) == task && Hash(record).Equals(record.Hash) ? record : null;
        }
        catch (Exception error) when (error is InvalidProtocolBufferException or RecordDamagedException)
        {
            return null;
        }
    }

    /// <summary>The snapshot of a record, with its artifacts; null where one of them is missing or does not match its hash.</summary>
    public static RefinementSnapshot? Restore(Protocol.TaskCheckpoint record, Func<ByteString, byte[]?> artifact)
    {
        var state = record.SupervisionState;
        var current = default(ReadOnlyMemory<byte>);
        var best = default(ReadOnlyMemory<byte>);
        foreach (var named in record.IntermediateArtifacts)
        {
            if (artifact(named.Sha256) is not { } bytes || !SHA256.HashData(bytes).AsSpan().SequenceEqual(named.Sha256.Span)) return null;
            if (named.Role == IntermediateArtifact.Types.Role.Current) current = bytes;
            else best = bytes;
        }

        return new RefinementSnapshot
        {
            Iteration = record.Iteration,
            Model = record.ModelConfig.Model,
            Tier = record.ModelConfig.Tier,
            Artifact = current,
            HasArtifact = record.IntermediateArtifacts.Count > 0,
            Score = state.HasScore ? state.Score : double.NaN,
            Best = best,
            BestScore = state.HasBestScore ? state.BestScore : double.NaN,
            BestIteration = state.BestIteration,
            Similarities = [.. state.Similarities],
            Failures = state.Failures,
            Rejections = state.Rejections,
            ElapsedMs = state.ElapsedMs,
            Cost = state.Cost,
        };
    }

    public static TaskCheckpoint Describe(Protocol.TaskCheckpoint record) => new(
        Records.ReadTask(record.TaskId), Records.Read(record.Epoch), record.Iteration, record.ModelConfig.Name, record.ModelConfig.Tier,
        [.. record.IntermediateArtifacts.Select(artifact => artifact.Sha256.Memory).DistinctBy(hash => Convert.ToHexString(hash.Span))],
        [.. record.SupervisionState.Decisions.Select(Read)], record.Hash.Memory);

    private static IntermediateArtifact Describe(ReadOnlyMemory<byte> artifact, IntermediateArtifact.Types.Role role) =>
        new() { Role = role, Sha256 = UnsafeByteOperations.UnsafeWrap(SHA256.HashData(artifact.Span)), Length = artifact.Length };

    /// <summary>Over the record's own bytes without the hash: protobuf writes fields in order, and the same content gives the same bytes here.</summary>
    private static ByteString Hash(Protocol.TaskCheckpoint record)
    {
        var content = record.Clone();
        content.Hash = ByteString.Empty;
        return UnsafeByteOperations.UnsafeWrap(SHA256.HashData(content.ToByteArray()));
    }

    private static SupervisionState WriteState(RefinementSnapshot snapshot)
    {
        var state = new SupervisionState
        {
            BestIteration = snapshot.BestIteration,
            Failures = snapshot.Failures,
            Rejections = snapshot.Rejections,
            ElapsedMs = snapshot.ElapsedMs,
            Cost = snapshot.Cost,
        };
        if (!double.IsNaN(snapshot.Score)) state.Score = snapshot.Score;
        if (!double.IsNaN(snapshot.BestScore)) state.BestScore = snapshot.BestScore;
        state.Similarities.AddRange(snapshot.Similarities);
        state.Decisions.AddRange(snapshot.Decisions.Select(Write));
        return state;
    }

    private static Decision Write(DecisionRecord record)
    {
        var seen = record.Seen;
        var decision = new Decision
        {
            Kind = (int)seen.Kind,
            Iteration = seen.Iteration,
            Converged = seen.Converged,
            Failures = seen.Failures,
            Rejections = seen.Rejections,
            Tier = seen.Tier,
            HasNextModel = seen.HasNextModel,
            BudgetLeft = seen.BudgetLeft,
            Decision_ = (int)record.Decision,
            PolicyVersion = record.PolicyVersion,
            Model = record.Model,
        };
        if (!double.IsNaN(seen.Score)) decision.Score = seen.Score;
        if (!double.IsNaN(seen.BestScore)) decision.BestScore = seen.BestScore;
        if (!double.IsNaN(seen.AcceptAt)) decision.AcceptAt = seen.AcceptAt;
        return decision;
    }

    private static DecisionRecord Read(Decision record) => new(
        new Observation(
            (ObservationKind)record.Kind, record.Iteration, record.HasScore ? record.Score : double.NaN, record.HasBestScore ? record.BestScore : double.NaN,
            record.HasAcceptAt ? record.AcceptAt : double.NaN, record.Converged, record.Failures, record.Rejections, record.Tier, record.HasNextModel, record.BudgetLeft),
        (SupervisionDecision)record.Decision_, record.PolicyVersion, record.Model);
}
