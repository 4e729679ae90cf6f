using System.Diagnostics;
using Google.Protobuf;
using Rqml.Cluster;
using Rqml.Diagnostics;
using Rqml.Ledgers;
using Rqml.Messaging;
using Rqml.Messaging.Frames;
using Rqml.Nodes;
using Rqml.Supervision;
using Rqml.Tasks;

namespace Rqml.Protocol;

/// <summary>Our values to protobuf records and back. Reading checks what protobuf cannot; damage surfaces as <see cref="RecordDamagedException"/>.</summary>
internal static class Records
{
    /// <summary>Raised by hand, one by one. The checkpoint keys need its first byte.</summary>
    public const long MaxGeneration = (1L << 56) - 1;

    private const int MaxEndpointLength = 1_024;
    private const int MaxKeyLength = 512;
    private const int MaxPriority = 1_000;
    private const int MaxIterations = 1_000_000;
    private const int MaxPasses = 16_000_000;
    private static readonly long MaxTimeMs = (long)TimeSpan.FromDays(365).TotalMilliseconds;

    public static ByteString Write(TaskId id) => UnsafeByteOperations.UnsafeWrap(id.ToByteArray());

    public static TaskId ReadTask(ByteString bytes) =>
        bytes.Length == TaskId.Bytes ? TaskId.Read(bytes.Span) : throw new RecordDamagedException($"A task id takes {TaskId.Bytes} bytes, not {bytes.Length}.");

    public static EpochRecord Write(Epoch epoch) => new() { Generation = epoch.Generation, Term = epoch.Term, Number = epoch.Number };

    public static Epoch Read(EpochRecord? record) => record is null ? default : new(
        Check.InRange(record.Generation, 0, MaxGeneration, "The generation of an epoch"),
        Check.NotNegative(record.Term, "The term of an epoch"), ReadNumber(record.Number));

    /// <summary>A negative one is a self-attempt's, and has a count.</summary>
    private static long ReadNumber(long number)
    {
        if (number < 0) Check.InRange(number & Epoch.MaxSelfAttempts, 1, Epoch.MaxSelfAttempts, "The count of a self-attempt");
        return number;
    }

    public static Term ReadTerm(long generation, long number) =>
        new(Check.InRange(generation, 0, MaxGeneration, "The generation of a term"), Check.NotNegative(number, "The number of a term"));

    public static ClassKey ReadClass(string name, int version) =>
        new(Check.Length(name, 1, TaskClass.MaxNameLength, "The name of a task class"), Check.InRange(version, 1, int.MaxValue, "The version of a task class"));

    public static PeerRecord Write(Peer peer) => new() { Node = peer.Node.Value, Incarnation = peer.Incarnation.Value, Endpoint = peer.Endpoint };

    public static Peer Read(PeerRecord? record)
    {
        if (record is null) throw new RecordDamagedException("A peer is missing.");
        if (record.Incarnation == 0) throw new RecordDamagedException("An incarnation is never zero.");
        return new Peer(ReadNode(record.Node), new Incarnation(record.Incarnation), Check.Length(record.Endpoint, 0, MaxEndpointLength, "An endpoint"));
    }

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
        if (spec.Budget.Time is { } time) record.MaxTimeMs = (long)Math.Ceiling(time.TotalMilliseconds);      // a budget below a millisecond is not none
        if (spec.Budget.Cost is { } cost) record.MaxCost = cost;
        if (spec.Budget.Passes is { } passes) record.MaxPasses = passes;
        if (spec.PartitionKey is { } key) record.PartitionKey = key;
        if (spec.IdempotencyKey is { } idempotency) record.IdempotencyKey = idempotency;
        if (spec.Trace is { } trace) record.Trace = Write(trace);
        if (spec.Trace?.Parent.TraceState is { } state) record.TraceState = state;
        return record;
    }

    public static TaskSpec Read(SubmissionRecord? record)
    {
        if (record is null) throw new RecordDamagedException("A submission is missing.");
        return new TaskSpec
        {
            Id = ReadTask(record.Id),
            Class = ReadClass(record.Class, record.ClassVersion),
            Payload = record.Payload.Memory,
            Priority = Check.InRange(record.Priority, -MaxPriority, MaxPriority, "A priority"),
            Difficulty = record.HasDifficulty ? Check.Share(record.Difficulty, "A difficulty") : double.NaN,
            SubmittedMs = Check.NotNegative(record.SubmittedMs, "A time of submission"),
            DeadlineMs = record.HasDeadlineMs ? Check.NotNegative(record.DeadlineMs, "A deadline") : long.MaxValue,
            NotBeforeMs = Check.NotNegative(record.NotBeforeMs, "A time not to begin before"),
            KeepResultMs = Check.NotNegative(record.KeepResultMs, "A time to keep a result"),
            Budget = new TaskBudget
            {
                Iterations = record.HasMaxIterations ? Check.InRange(record.MaxIterations, 1, MaxIterations, "A budget of iterations") : null,
                Time = record.HasMaxTimeMs ? TimeSpan.FromMilliseconds(Check.InRange(record.MaxTimeMs, 1, MaxTimeMs, "A budget of milliseconds")) : null,
                Passes = record.HasMaxPasses ? Check.InRange(record.MaxPasses, 1, MaxPasses, "A budget of passes") : null,
                Cost = record.HasMaxCost ? Check.InRange(record.MaxCost, double.Epsilon, double.MaxValue, "A budget of cost") : null,
            },
            PartitionKey = record.HasPartitionKey ? Check.Length(record.PartitionKey, 1, MaxKeyLength, "A partition key") : null,
            IdempotencyKey = record.HasIdempotencyKey ? Check.Length(record.IdempotencyKey, 1, MaxKeyLength, "An idempotency key") : null,
            Seed = record.Seed,
            Trace = record.HasTrace ? ReadTrace(record.Trace, record.HasTraceState ? Check.Length(record.TraceState, 1, TaskTrace.MostStateLength, "A trace's state") : null) : null,
        };
    }

    private static ByteString Write(TaskTrace trace)
    {
        Span<byte> bytes = stackalloc byte[TraceContext.Bytes];
        TraceContext.Write(trace.Parent, bytes);
        return ByteString.CopyFrom(bytes);
    }

    private static TaskTrace? ReadTrace(ByteString bytes, string? state)
    {
        if (bytes.Length != TraceContext.Bytes) throw new RecordDamagedException($"A trace takes {TraceContext.Bytes} bytes, not {bytes.Length}.");
        return TraceContext.Read(bytes.Span) is { } context ? TaskTrace.Of(new ActivityContext(context.TraceId, context.SpanId, context.TraceFlags, state)) : null;
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
            Passes = settlement.Passes,
            Cost = settlement.Cost,
            ElapsedMs = settlement.ElapsedMs,
        };
        if (settlement.Story != Story.Empty) record.Story = SupervisionRecords.Write(settlement.Story);
        if (settlement.HasArtifact) record.Artifact = UnsafeByteOperations.UnsafeWrap(settlement.Artifact);
        if (!double.IsNaN(settlement.Score)) record.Score = settlement.Score;
        if (settlement.Model is { } model) record.Model = model;
        if (settlement.Node is { } node) record.Node = node.Value;
        if (settlement.Reason is { } reason) record.Reason = reason;
        return record;
    }

    public static Settlement Read(SettlementRecord? record)
    {
        if (record is null) throw new RecordDamagedException("A settlement is missing.");
        if (!Enum.IsDefined((Outcome)record.Outcome)) throw new RecordDamagedException($"There is no outcome {record.Outcome}.");
        return new Settlement
        {
            Outcome = (Outcome)record.Outcome,
            Artifact = record.HasArtifact ? record.Artifact.Memory : default,
            HasArtifact = record.HasArtifact,
            Score = record.HasScore ? Check.Share(record.Score, "A score") : double.NaN,
            Iterations = Check.NotNegative(record.Iterations, "A count of iterations"),
            Model = record.HasModel ? record.Model : null,
            Tier = Check.NotNegative(record.Tier, "A tier"),
            Node = record.HasNode ? ReadNode(record.Node) : null,
            Epoch = Read(record.Epoch),
            Reason = record.HasReason ? record.Reason : null,
            ResumedAt = Check.NotNegative(record.ResumedAt, "An iteration to resume at"),
            Passes = Check.NotNegative(record.Passes, "A count of passes"),
            Cost = Check.InRange(record.Cost, 0, double.MaxValue, "A cost"),
            ElapsedMs = Check.NotNegative(record.ElapsedMs, "A time on workers"),
            Story = SupervisionRecords.Read(record.Story),
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

    public static Suspicion Read(SuspicionRecord? record) => record is null ? Suspicion.None : new Suspicion(
        Check.NotNegative(record.Deaths, "A count of deaths"), Check.NotNegative(record.Iteration, "An iteration"));

    public static OutboundRecord Write(Outbound outbound)
    {
        var record = new OutboundRecord { Epoch = Write(outbound.Attempt.Epoch), Ledger = Write(outbound.Ledger), Result = Write(outbound.Result), FinishedMs = outbound.FinishedMs };
        if (outbound.PartitionKey is { } key) record.PartitionKey = key;
        return record;
    }

    public static NodeId ReadNode(string? name) => NodeId.IsValid(name) ? new NodeId(name!) : throw new RecordDamagedException("A node id is missing or malformed.");
}
