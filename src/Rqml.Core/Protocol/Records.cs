using Google.Protobuf;
using Rqml.Ledgers;
using Rqml.Messaging;
using Rqml.Nodes;
using Rqml.Tasks;

namespace Rqml.Protocol;

/// <summary>Our values to protobuf records and back. Reading checks what protobuf cannot; damage surfaces as <see cref="RecordDamagedException"/>.</summary>
internal static class Records
{
    public static ByteString Write(TaskId id) => UnsafeByteOperations.UnsafeWrap(id.ToByteArray());

    public static TaskId ReadTask(ByteString bytes) =>
        bytes.Length == TaskId.Bytes ? TaskId.Read(bytes.Span) : throw new RecordDamagedException($"A task id takes {TaskId.Bytes} bytes, not {bytes.Length}.");

    public static EpochRecord Write(Epoch epoch) => new() { Generation = epoch.Generation, Term = epoch.Term, Number = epoch.Number };

    public static Epoch Read(EpochRecord? record) => record is null ? default : new(record.Generation, record.Term, record.Number);

    public static PeerRecord Write(Peer peer) => new() { Node = peer.Node.Value, Incarnation = peer.Incarnation.Value, Endpoint = peer.Endpoint };

    public static Peer Read(PeerRecord? record) => new(ReadNode(record?.Node), new Incarnation(record!.Incarnation), record.Endpoint);

    public static SubmissionRecord Write(TaskSpec spec)
    {
        var record = new SubmissionRecord
        {
            Id = Write(spec.Id),
            Class = spec.Class.Name,
            ClassVersion = spec.Class.Version,
            Payload = UnsafeByteOperations.UnsafeWrap(spec.Payload),
            Priority = spec.Priority,
            SubmittedMs = spec.SubmittedMs,
            NotBeforeMs = spec.NotBeforeMs,
            KeepResultMs = spec.KeepResultMs,
            Seed = spec.Seed,
        };
        if (!double.IsNaN(spec.Difficulty)) record.Difficulty = spec.Difficulty;
        if (spec.DeadlineMs != long.MaxValue) record.DeadlineMs = spec.DeadlineMs;
        if (spec.Budget.Iterations is { } iterations) record.MaxIterations = iterations;
        if (spec.Budget.Time is { } time) record.MaxTimeMs = (long)time.TotalMilliseconds;
        if (spec.Budget.Cost is { } cost) record.MaxCost = cost;
        if (spec.PartitionKey is { } key) record.PartitionKey = key;
        if (spec.IdempotencyKey is { } idempotency) record.IdempotencyKey = idempotency;
        return record;
    }

    public static TaskSpec Read(SubmissionRecord? record)
    {
        if (record is null) throw new RecordDamagedException("A submission is missing.");
        return new TaskSpec
        {
            Id = ReadTask(record.Id),
            Class = new ClassKey(record.Class, record.ClassVersion),
            Payload = record.Payload.Memory,
            Priority = record.Priority,
            Difficulty = record.HasDifficulty ? record.Difficulty : double.NaN,
            SubmittedMs = record.SubmittedMs,
            DeadlineMs = record.HasDeadlineMs ? record.DeadlineMs : long.MaxValue,
            NotBeforeMs = record.NotBeforeMs,
            KeepResultMs = record.KeepResultMs,
            Budget = new TaskBudget
            {
                Iterations = record.HasMaxIterations ? record.MaxIterations : null,
                Time = record.HasMaxTimeMs ? TimeSpan.FromMilliseconds(record.MaxTimeMs) : null,
                Cost = record.HasMaxCost ? record.MaxCost : null,
            },
            PartitionKey = record.HasPartitionKey ? record.PartitionKey : null,
            IdempotencyKey = record.HasIdempotencyKey ? record.IdempotencyKey : null,
            Seed = record.Seed,
        };
    }

    public static SettlementRecord Write(Settlement settlement)
    {
        var record = new SettlementRecord
        {
            Outcome = (int)settlement.Outcome,
            Iterations = settlement.Iterations,
            Tier = settlement.Tier,
            Epoch = Write(settlement.Epoch),
            ResumedAt = settlement.ResumedAt,
            SettledMs = settlement.SettledMs,
        };
        if (settlement.HasArtifact) record.Artifact = UnsafeByteOperations.UnsafeWrap(settlement.Artifact);
        if (!double.IsNaN(settlement.Score)) record.Score = settlement.Score;
        if (settlement.Model is { } model) record.Model = model;
        if (settlement.Node is { } node) record.Node = node.Value;
        if (settlement.Reason is { } reason) record.Reason = reason;
        return record;
    }

    public static Settlement Read(SettlementRecord? record)
    {
        if (record is null || !Enum.IsDefined((Outcome)record.Outcome)) throw new RecordDamagedException("A settlement is missing or has an unknown outcome.");
        return new Settlement
        {
            Outcome = (Outcome)record.Outcome,
            Artifact = record.HasArtifact ? record.Artifact.Memory : default,
            HasArtifact = record.HasArtifact,
            Score = record.HasScore ? record.Score : double.NaN,
            Iterations = record.Iterations,
            Model = record.HasModel ? record.Model : null,
            Tier = record.Tier,
            Node = record.HasNode ? ReadNode(record.Node) : null,
            Epoch = Read(record.Epoch),
            Reason = record.HasReason ? record.Reason : null,
            ResumedAt = record.ResumedAt,
            SettledMs = record.SettledMs,
        };
    }

    public static SettledRecord Write(SettledTask task)
    {
        var record = new SettledRecord
        {
            Class = task.Class.Name,
            ClassVersion = task.Class.Version,
            Priority = task.Priority,
            PayloadDigest = UnsafeByteOperations.UnsafeWrap(task.PayloadDigest),
            SubmittedMs = task.SubmittedMs,
            SettledMs = task.SettledMs,
            KeepResultMs = task.KeepResultMs,
            Outcome = (int)task.Outcome,
            Iterations = task.Iterations,
            Strikes = task.Strikes,
        };
        if (task.PartitionKey is { } key) record.PartitionKey = key;
        if (task.IdempotencyKey is { } idempotency) record.IdempotencyKey = idempotency;
        return record;
    }

    public static SettledTask Read(TaskId task, SettledRecord record)
    {
        if (!Enum.IsDefined((Outcome)record.Outcome)) throw new RecordDamagedException("A settled task has an unknown outcome.");
        return new SettledTask
        {
            Id = task,
            Class = new ClassKey(record.Class, record.ClassVersion),
            Priority = record.Priority,
            PartitionKey = record.HasPartitionKey ? record.PartitionKey : null,
            IdempotencyKey = record.HasIdempotencyKey ? record.IdempotencyKey : null,
            PayloadDigest = record.PayloadDigest.Memory,
            SubmittedMs = record.SubmittedMs,
            SettledMs = record.SettledMs,
            KeepResultMs = record.KeepResultMs,
            Outcome = (Outcome)record.Outcome,
            Iterations = record.Iterations,
            Strikes = record.Strikes,
        };
    }

    public static StrikesRecord Write(IEnumerable<Strike> strikes)
    {
        var record = new StrikesRecord();
        foreach (var strike in strikes) record.Strikes.Add(new StrikesRecord.Types.Strike { Epoch = Write(strike.Epoch), Run = strike.Run });
        return record;
    }

    public static List<Strike> Read(StrikesRecord record) => [.. record.Strikes.Select(strike => new Strike(Read(strike.Epoch), strike.Run))];

    public static AttemptRecord Write(StoredAttempt attempt)
    {
        var record = new AttemptRecord
        {
            Epoch = Write(attempt.Attempt.Epoch),
            Submission = Write(attempt.Spec),
            Ledger = Write(attempt.Ledger),
            Suspicion = Write(attempt.Suspicion),
        };
        if (attempt.Alone is { } alone) record.Alone = alone.Value;
        return record;
    }

    public static StoredAttempt Read(TaskId task, AttemptRecord record) => new(
        new Attempt(task, Read(record.Epoch)), Read(record.Submission), Read(record.Ledger), Read(record.Suspicion), record.HasAlone ? new Incarnation(record.Alone) : null);

    public static SuspicionRecord? Write(Suspicion suspicion) => suspicion == Suspicion.None ? null : new SuspicionRecord { Deaths = suspicion.Deaths, Iteration = suspicion.Iteration };

    public static Suspicion Read(SuspicionRecord? record) => record is null ? Suspicion.None : new Suspicion(record.Deaths, record.Iteration);

    public static OutboundRecord Write(Outbound outbound)
    {
        var record = new OutboundRecord { Epoch = Write(outbound.Attempt.Epoch), Ledger = Write(outbound.Ledger), Result = Write(outbound.Result) };
        if (outbound.PartitionKey is { } key) record.PartitionKey = key;
        return record;
    }

    public static NodeId ReadNode(string? name) => NodeId.IsValid(name) ? new NodeId(name!) : throw new RecordDamagedException("A node id is missing or malformed.");
}
