namespace Rqml.AspNetCore.Problems;

/// <summary>What may be wrong, as callers tell it apart: stable, and listed in docs/hosting.md. Each is written after <see cref="Prefix"/>.</summary>
internal static class ProblemTypes
{
    public const string Prefix = "urn:rqml:problem:";

    public const string InvalidRequest = "invalid-request";
    public const string InvalidOptions = "invalid-options";
    public const string UnreadablePayload = "unreadable-payload";
    public const string PayloadTooLarge = "payload-too-large";
    public const string UnsupportedMediaType = "unsupported-media-type";
    public const string UnknownTask = "unknown-task";
    public const string UnknownTaskClass = "unknown-task-class";
    public const string IdempotencyConflict = "idempotency-conflict";
    public const string LedgerFull = "ledger-full";
    public const string TooManyStreams = "too-many-streams";
    public const string ShuttingDown = "shutting-down";
    public const string LedgerLost = "ledger-lost";
    public const string WrongRole = "wrong-role";
    public const string UnreadableArtifact = "unreadable-artifact";
    public const string StoreUnreadable = "store-unreadable";
    public const string NotStarted = "not-started";
    public const string Internal = "internal";
}
