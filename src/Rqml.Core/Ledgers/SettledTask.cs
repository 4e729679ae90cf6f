using System.Security.Cryptography;
using Rqml.Diagnostics;
using Rqml.Tasks;

namespace Rqml.Ledgers;

/// <summary>
/// What a ledger keeps in memory of a settled task until its retention ends: enough for idempotency, listing and answering. Payload and artifact lie in
/// the store and are read when asked for; a day of them would not fit. Immutable.
/// </summary>
internal sealed record SettledTask
{
    public required TaskId Id { get; init; }

    public required ClassKey Class { get; init; }

    public int Priority { get; init; }

    public string? PartitionKey { get; init; }

    public string? IdempotencyKey { get; init; }

    /// <summary>SHA-256 of the payload, by which a repeated submission is told from another one; empty without an idempotency key.</summary>
    public ReadOnlyMemory<byte> PayloadDigest { get; init; }

    public long SubmittedMs { get; init; }

    public long SettledMs { get; init; }

    public long KeepResultMs { get; init; }

    public Outcome Outcome { get; init; }

    public int Iterations { get; init; }

    public int Strikes { get; init; }

    /// <summary>Where its trace began, for the span that says it was settled; not kept over a restart.</summary>
    public TaskTrace? Trace { get; init; }

    /// <summary>All of it, where there is no store to read it from; null where there is one.</summary>
    public SettledContent? Content { get; init; }

    public static SettledTask Of(LedgerTask task, Settlement settlement, long nowMs, bool keepsContent)
    {
        var spec = task.Spec;
        return new SettledTask
        {
            Id = spec.Id,
            Class = spec.Class,
            Priority = spec.Priority,
            PartitionKey = spec.PartitionKey,
            IdempotencyKey = spec.IdempotencyKey,
            PayloadDigest = spec.IdempotencyKey is null ? default : Digest(spec.Payload),
            SubmittedMs = spec.SubmittedMs,
            SettledMs = nowMs,
            KeepResultMs = spec.KeepResultMs,
            Outcome = settlement.Outcome,
            Iterations = settlement.Iterations,
            Strikes = task.Strikes.Count,
            Trace = spec.Trace,
            Content = keepsContent ? new SettledContent(spec, settlement) : null,
        };
    }

    public bool HasPayload(ReadOnlyMemory<byte> payload) => PayloadDigest.Span.SequenceEqual(Digest(payload));

    private static byte[] Digest(ReadOnlyMemory<byte> payload) => SHA256.HashData(payload.Span);
}

/// <summary>A settled task's submission and result.</summary>
internal sealed record SettledContent(TaskSpec Spec, Settlement Settlement);
