namespace Rqml.Messaging;

/// <summary>What nodes say to one another. The kind names the owner that hears it.</summary>
internal enum MessageKind : byte
{
    // To the scheduler
    Announce = 1,       // ledger: this task is open                              Number: of Announcement; Body: TaskSpec
    TaskSettled = 2,    // ledger: it is settled, or unknown here                Epoch: of the attempt whose result it is; Number: iterations
    Report = 3,         // node: what I can do and what I hold                    Body: NodeReport
    Refused = 4,        // node: I did not take that attempt                      Number: RefusalReason
    Greet = 5,          // ledger, or standby: I follow you in this term                      Task: names the ledger, as the id of each of its tasks does; Epoch: generation and term
    Watch = 6,          // ledger: somebody watches this task's iterations

    CallVote = 7,       // node: this attempt waits for a vote                    Number: of the vote; Body: VoteCall
    BallotCast = 8,     // node: a voter's word                                   Number: of the vote; Body: BallotCast
    Explain = 9,        // ledger: what has happened to this task so far?
    Administer = 10,    // administrator: an operator's wish                      Number: of the wish; Body: AdministrationRequest

    // To a node
    Assign = 16,        // scheduler: run this attempt                            Body: Assignment
    Revoke = 17,        // scheduler: drop that attempt
    Welcome = 18,       // scheduler: I lead in this term                         Epoch: generation and term
    Answered = 19,      // ledger: your result is settled, or was already         Number: Verdict
    StrikeCounted = 20, // ledger: your strike is durable                         Number: the run, as the strike named it
    WatchAttempt = 21,  // scheduler: report iterations of this task to its ledger
    Fenced = 22,        // scheduler: that start of you is fenced; come back as another  Number: its incarnation
    Heard = 23,         // scheduler: I hear you, in this term                    Epoch: generation and term
    AskBallot = 24,     // scheduler: vote on this artifact                       Number: of the vote; Body: BallotCall
    VoteClosed = 25,    // scheduler: your vote has ended                         Number: of the vote; Body: VoteResult
    ExplainAttempt = 26, // scheduler: tell its ledger what has happened to this task so far
    Drain = 27,         // scheduler: take nothing new, and finish what you have begun  Epoch: generation and term; Number: its incarnation
    Resume = 28,        // scheduler: take work again                             Epoch: generation and term; Number: its incarnation
    ReleaseAttempt = 29, // scheduler: this attempt is under no suspicion

    // To a ledger
    Announced = 32,     // scheduler: I have these tasks                          Body: TaskId[]
    Inquire = 33,       // scheduler: is this task still open?
    Result = 34,        // node: this attempt ended so                            Body: Settlement
    Strike = 35,        // node: a worker died of this attempt                    Number: run
    Progress = 36,      // node: an iteration of a watched task                   Body: IterationReport
    StillOpen = 37,     // node: is this task, which I still hold, open?
    Told = 38,          // node, or a scheduler that waits for one: so far this has happened  Body: Story
    FailTask = 39,      // scheduler: an operator wants this task settled as failed    Number: of the wish; Body: FailOrder

    // To an administrator
    Administered = 48,  // scheduler or ledger: how it stands with your wish      Epoch: generation and term; Number: of the wish; Body: AdministrationAnswer
}

/// <summary>What a ledger says with a task that it announces: bits of the number, and above them its clock, by which the task's deadline and not-before are meant.</summary>
internal static class Announcement
{
    private const int ClockShift = 8;
    private const int OtherBytes = 256;
    private const int MostBytesOfChar = 3;

    /// <summary>Somebody watches its iterations.</summary>
    public const long Watched = 1;

    /// <summary>It was announced before, to another leader or by another start of the ledger: nodes may have worked on it.</summary>
    public const long KnownBefore = 2;

    /// <summary>The node of the ledger's process was given it while nobody led, and says so in its report.</summary>
    public const long Lent = 4;

    /// <summary>What it takes on the wire at most.</summary>
    public static long BytesOf(Tasks.TaskSpec spec) =>
        OtherBytes + spec.Payload.Length + (MostBytesOfChar * (long)(spec.Class.Name.Length + (spec.PartitionKey?.Length ?? 0) + (spec.IdempotencyKey?.Length ?? 0) + (spec.Trace?.Parent.TraceState?.Length ?? 0)));

    public static long At(long nowMs, long bits) => (nowMs << ClockShift) | bits;

    /// <summary>The task with its times by the clock of whoever hears of it; no two clocks are trusted to agree. Nodes of before said nothing of theirs.</summary>
    public static Tasks.TaskSpec Translate(Tasks.TaskSpec spec, long number, long nowMs)
    {
        var (saidMs, isTimed) = (number >> ClockShift, spec.DeadlineMs != long.MaxValue || spec.NotBeforeMs > 0);
        if (!isTimed || saidMs <= 0 || saidMs == nowMs) return spec;
        return spec with { DeadlineMs = Shifted(spec.DeadlineMs, nowMs - saidMs), NotBeforeMs = spec.NotBeforeMs == 0 ? 0 : Shifted(spec.NotBeforeMs, nowMs - saidMs) };
    }

    private static long Shifted(long timeMs, long byMs) => timeMs == long.MaxValue || timeMs > long.MaxValue - Math.Max(0, byMs) ? long.MaxValue : Math.Max(0, timeMs + byMs);
}

/// <summary>Which channel a kind of message takes.</summary>
internal static class MessageKinds
{
    public static FabricChannel Channel(this MessageKind kind) => kind switch
    {
        MessageKind.Report or MessageKind.Heard => FabricChannel.Heartbeats,
        MessageKind.Result or MessageKind.Answered or MessageKind.Strike or MessageKind.StrikeCounted or MessageKind.Progress or MessageKind.Told => FabricChannel.TaskResults,
        _ => FabricChannel.TaskInbound,
    };
}

/// <summary>One message, at least once and in no certain order. A struct, as every task takes several and inside a process they are passed as they are.</summary>
internal readonly record struct Message(MessageKind Kind, Peer From, TaskId Task = default, Epoch Epoch = default, long Number = 0, object? Body = null);

/// <summary>What the ledger answers to a result.</summary>
internal enum Verdict : byte
{
    Settled = 1,
    AlreadySettled = 2,
}

/// <summary>Why a node did not take an attempt.</summary>
internal enum RefusalReason : byte
{
    Full = 1,
    UnknownClass = 2,
    Draining = 3,
    StaleEpoch = 4,
    OtherIncarnation = 5,
    NotHeld = 6,
}

/// <summary>One attempt as a node gets it. The deadline travels as remaining time, as clocks are not trusted.</summary>
internal sealed record Assignment(Tasks.TaskSpec Spec, Peer Ledger, Incarnation To, long RemainingMs, bool Watched)
{
    /// <summary>The term of the leader that says so; the epoch of an adopted attempt may be of an earlier one.</summary>
    public required Cluster.Term Term { get; init; }

    /// <summary>The node reported that it holds the attempt, and may go on with it. This grants nothing: a node that holds it no longer does not take it.</summary>
    public bool Adopted { get; init; }

    public Nodes.Suspicion Suspicion { get; init; }

    /// <summary>Where another node left off, as the coordination store holds it; null where nothing is known.</summary>
    public byte[]? Checkpoint { get; init; }

    /// <summary>How hard the task is expected to be, from 0 to 1: as stated, or as learnt from its class.</summary>
    public double Difficulty { get; init; } = Scheduling.ExpectedDifficulty.Unknown;
}

/// <summary>One iteration of a watched task.</summary>
internal sealed record IterationReport(int Iteration, ReadOnlyMemory<byte> Artifact, double Score, double Similarity, string Model, int Tier, NodeId Node)
{
    public double Novelty { get; init; } = double.NaN;

    public double Consistency { get; init; } = double.NaN;

    public Concern? Concern { get; init; }

    /// <summary>What was decided after it, and why.</summary>
    public Supervision.SupervisionAction Action { get; init; }

    public string Reason { get; init; } = "";
}
