namespace Rqml.Testing.Simulation;

/// <summary>
/// One rule of the protocol broken on purpose, to show that the judge notices. The letter is the property that it breaks: (a) settled once, (b) nothing lost,
/// (c) one open task per key, (d) epochs, (e) results kept and never recomputed, (f) no hand-over without a fence, (g) poison convicted and no innocent, (h) decisions recorded and carried out,
/// (i) budgets, (j) the best artifact kept, (k) votes and validators, (l) drains, (m) work on what is settled.
/// </summary>
internal enum Mutant
{
    None,

    /// <summary>(a) A completion is seen before its settlement is durable.</summary>
    CompletionBeforeDurable,

    /// <summary>(a) A settlement is kept in memory alone.</summary>
    SettlementMemoryOnly,

    /// <summary>(a) A later result replaces an earlier settlement.</summary>
    LastWriterWins,

    /// <summary>(a) A cancellation is acknowledged before it is durable.</summary>
    CancelAcknowledgedBeforeDurable,

    /// <summary>(a) A result for a purged id makes a record again.</summary>
    UnknownIdReopens,

    /// <summary>(b) A submission is acknowledged before it is durable.</summary>
    SubmitAcknowledgedBeforeDurable,

    /// <summary>(b) A ledger that starts again does not announce what it finds open.</summary>
    LedgerReannounceSkipped,

    /// <summary>(b) Open tasks are announced to the first leader alone.</summary>
    NoReannounceToNewLeader,

    /// <summary>(b) An announcement is never repeated.</summary>
    AnnounceFireAndForget,

    /// <summary>(b) A result for an id that is not open gets no answer.</summary>
    UnknownIdSilent,

    /// <summary>(c) A new leader assigns before its nodes have reported what they hold.</summary>
    ActivateBeforeReports,

    /// <summary>(c) A node joins whoever takes itself for the leader: neither it nor its registration looks at the term in the store.</summary>
    JoinWithoutTerm,

    /// <summary>(c) A leader goes by the report of a start whose fence is in the store.</summary>
    LateReportOfFencedObeyed,

    /// <summary>(c) A node that works alone gives itself tasks that have a partition key too.</summary>
    KeyedSelfAttempt,

    /// <summary>(d) A node counts the attempts that it gives itself anew at each start.</summary>
    SelfAttemptEpochRepeats,

    /// <summary>(d) A node obeys what was addressed to an earlier start of it.</summary>
    AssignWithoutIncarnation,

    /// <summary>(d) A node obeys an assignment once more that it has obeyed already.</summary>
    AssignDedupSkipped,

    /// <summary>(d) A node does not remember the highest term that it has obeyed.</summary>
    HighestTermVolatile,

    /// <summary>(d) The key names a process, not a start of it: one that comes back goes on in the term of its predecessor.</summary>
    TermReuse,

    /// <summary>(d) A store that was restored is served as it is: its generation is not raised, and nobody refuses it.</summary>
    GenerationNotRaised,

    /// <summary>(d) A candidate goes by the generation that it read first.</summary>
    CachedGeneration,

    /// <summary>(d) A leader reads a raised generation, and keeps its term.</summary>
    GenerationReread,

    /// <summary>(e) "Settled" is answered before it is durable.</summary>
    SettledBeforeDurable,

    /// <summary>(e) "Already settled" is answered before it is durable.</summary>
    AlreadySettledBeforeDurable,

    /// <summary>(e) A node drops a result once it has sent it.</summary>
    DropOnSend,

    /// <summary>(e) A node that starts again does not see its results.</summary>
    OutboundForgottenOnReboot,

    /// <summary>(e) A node that starts again does not see intact checkpoints.</summary>
    ResumeFromNothing,

    /// <summary>(e) A store that lost acknowledged commits is taken for whole.</summary>
    CheckpointLossIgnored,

    /// <summary>(e) What a checkpoint says is taken as it is, whatever its hash.</summary>
    DamagedCheckpointTrusted,

    /// <summary>(f) What a node held is handed over without a fence.</summary>
    FenceSkipped,

    /// <summary>(g) The same worker death counts each time it is reported.</summary>
    StrikeNotDeduplicated,

    /// <summary>(g) Worker deaths of one attempt count once.</summary>
    StrikePerAttempt,

    /// <summary>(g) The next run does not wait until the strike is durable.</summary>
    RerunBeforeStrikeDurable,

    /// <summary>(g) A node's death is a strike for all that it held.</summary>
    NodeDeathIsStrike,

    /// <summary>(g) A node forgets at its death which attempts were suspect.</summary>
    SuspicionVolatile,

    /// <summary>(g) A node's death makes suspect only what its leader had been told of.</summary>
    SuspectOnlyIfReported,

    /// <summary>(l) A leader knows of those drains alone that it has ordered itself.</summary>
    DrainOfEarlierLeaderForgotten,

    /// <summary>(l) A node that says that it takes nothing new takes what comes all the same.</summary>
    DrainingNodeTakes,

    /// <summary>(m) A node that comes back goes on with what it holds, and asks no ledger whether that is settled.</summary>
    GoesOnUnasked,

    /// <summary>(h) A decision is left out of the story that a result tells.</summary>
    DecisionUnrecorded,

    /// <summary>(h) Another model works on when a task goes on, and nobody decided it.</summary>
    ModelSwitchedUndecided,

    /// <summary>(h) The rung of the ladder is forgotten when a task goes on from a disk.</summary>
    RungForgotten,

    /// <summary>(h) A vote that was decided is forgotten when a task goes on from a disk.</summary>
    PendingVoteForgotten,

    /// <summary>(i) What a task has used is forgotten when it goes on from a disk.</summary>
    BudgetNotChargedAfterHandOver,

    /// <summary>(j) The newest artifact takes the best one's place.</summary>
    BestArtifactOverwritten,

    /// <summary>(k) A voter that says something else the second time is counted as another voter.</summary>
    LyingVoterCountedTwice,

    /// <summary>(k) A ballot counts, whoever sent it.</summary>
    UnaskedBallotCounted,

    /// <summary>(k) A ballot counts, whichever vote it is of.</summary>
    BallotOfAnotherVoteCounted,

    /// <summary>(k) A vote is closed at its first ballot.</summary>
    VoteClosedEarly,

    /// <summary>(k) A node takes the result of an earlier vote for that of the one it waits for.</summary>
    ResultOfAnotherVoteTaken,

    /// <summary>(k) A validator with the last word is not listened to.</summary>
    VetoIgnored,
}

/// <summary>Which mutants there are.</summary>
internal static class Mutants
{
    /// <summary>Whether the rule is one of supervision, so that it takes supervised work to notice.</summary>
    public static bool IsOfSupervision(this Mutant mutant) => mutant >= Mutant.DecisionUnrecorded;

    /// <summary>Whether the rule is about terms: what shows is then an epoch that is issued twice, or a node that goes back.</summary>
    public static bool IsOfTerms(this Mutant mutant) => mutant is >= Mutant.HighestTermVolatile and <= Mutant.GenerationReread;

    /// <summary>Whether the rule is about what the coordination store says, so that it takes a cluster that has one to notice.</summary>
    public static bool IsOfTheStore(this Mutant mutant) => mutant == Mutant.JoinWithoutTerm || mutant.IsOfTerms();

    /// <summary>Whether the rule is about drains, so that it takes an operator to notice.</summary>
    public static bool IsOfDrains(this Mutant mutant) => mutant is Mutant.DrainOfEarlierLeaderForgotten or Mutant.DrainingNodeTakes;

    /// <summary>Whether the rule is about a coordination store that was restored from a backup.</summary>
    public static bool IsOfARestore(this Mutant mutant) => mutant is Mutant.GenerationNotRaised or Mutant.CachedGeneration or Mutant.GenerationReread;

    /// <summary>Whether the rule is about what a node does that hears of no leader, so that it takes a long outage to notice.</summary>
    public static bool IsOfWorkAlone(this Mutant mutant) => mutant is Mutant.KeyedSelfAttempt or Mutant.SelfAttemptEpochRepeats;
}
