namespace Rqml.Diagnostics;

/// <summary>Rules of the protocol that a simulation may break, one at a time, to show that its checks notice. Nothing else ever sets one.</summary>
[Flags]
internal enum Mutation : long
{
    None = 0,
    CompletionBeforeDurable = 1L << 0,
    SettlementMemoryOnly = 1L << 1,
    LastWriterWins = 1L << 2,
    CancelAcknowledgedBeforeDurable = 1L << 3,
    UnknownIdReopens = 1L << 4,
    SubmitAcknowledgedBeforeDurable = 1L << 5,
    LedgerReannounceSkipped = 1L << 6,
    AnnounceFireAndForget = 1L << 7,
    UnknownIdSilent = 1L << 8,
    AssignDeduplicationSkipped = 1L << 9,
    HighestTermVolatile = 1L << 10,
    AssignWithoutIncarnation = 1L << 11,
    SettledBeforeDurable = 1L << 12,
    DropOnSend = 1L << 13,
    OutboundForgottenOnReboot = 1L << 14,
    StrikeNotDeduplicated = 1L << 15,
    StrikePerAttempt = 1L << 16,
    RerunBeforeStrikeDurable = 1L << 17,
    NodeDeathIsStrike = 1L << 18,
    ResumeFromNothing = 1L << 19,
    CheckpointLossIgnored = 1L << 20,
    NoReannounceToNewLeader = 1L << 21,
}
