using FsCheck;
using FsCheck.Fluent;
using Rqml.Administration;
using Rqml.Cluster;
using Rqml.Hosting;
using Rqml.Ledgers;
using Rqml.Messaging;
using Rqml.Nodes;
using Rqml.Refinement;
using Rqml.Supervision;
using Rqml.Supervision.Votes;
using Rqml.Tasks;

namespace Rqml.Protocol;

/// <summary>Any value that a writer of ours may say, drawn from a seed; small and odd ones as often as large ones.</summary>
internal sealed class Samples(ulong seed)
{
    private SplitMix64 _random = new(seed);

    public static MessageKind[] Kinds { get; } = Enum.GetValues<MessageKind>();

    public ulong Bits() => _random.Next();

    public int Below(int bound) => _random.NextInt(bound);

    public bool Coin() => Below(2) == 0;

    public TaskId TaskId() => Rqml.TaskId.Create(Below(1 << 30), Bits() >> 22, new LedgerId((uint)Bits()));

    public Incarnation Incarnation() => new(Bits() | 1);

    public Epoch Epoch() => new(Below(3), Long(), Long());

    public Peer Peer() => new(NodeId(), Incarnation(), Coin() ? "" : $"tcp://{Name(30)}:7400");

    public NodeId NodeId() => new(Name(64));

    public Suspicion Suspicion() => Coin() ? Nodes.Suspicion.None : new(Below(5), Below(100));

    public Settlement Settlement()
    {
        var hasArtifact = Coin();
        return new Settlement
        {
            Outcome = (Outcome)Below(8),
            HasArtifact = hasArtifact,
            Artifact = hasArtifact ? Bytes() : default,
            Score = Share(),
            Iterations = Int(),
            Model = Coin() ? null : Text(),
            Tier = Below(100),
            Node = Coin() ? null : NodeId(),
            Epoch = Epoch(),
            Reason = Coin() ? null : Text(),
            ResumedAt = Int(),
            Passes = Int(),
            Cost = Below(1_000) / 8.0,
            ElapsedMs = Long(),
            Story = Story(),
        };
    }

    public TaskSpec Spec() => new()
    {
        Id = TaskId(),
        Class = Class(),
        Payload = Bytes(),
        Priority = Below(2_001) - 1_000,
        Difficulty = Share(),
        SubmittedMs = Long(),
        DeadlineMs = Coin() ? long.MaxValue : Long(),
        NotBeforeMs = Long(),
        KeepResultMs = Long(),
        Budget = new TaskBudget
        {
            Iterations = Coin() ? null : 1 + Below(1_000_000),
            Time = Coin() ? null : TimeSpan.FromMilliseconds(1 + Below(1 << 30)),
            Cost = Coin() ? null : 0.25 + Below(1_000),
            Passes = Coin() ? null : 1 + Below(1_000_000),
        },
        PartitionKey = Coin() ? null : Name(512),
        IdempotencyKey = Coin() ? null : Name(512),
        Seed = Bits(),
    };

    public StoredAttempt Attempt()
    {
        var spec = Spec();
        return new StoredAttempt(new Attempt(spec.Id, Epoch()), spec, Peer(), Suspicion(), Coin() ? null : Incarnation());
    }

    public Message Message(MessageKind kind) => new(kind, Peer(), Coin() ? default : TaskId(), Epoch(), Number(kind), Body(kind));

    public RefinementSnapshot Snapshot()
    {
        var hasArtifact = Coin();
        var artifact = hasArtifact ? Bytes() : default;
        return new RefinementSnapshot
        {
            Iteration = Int(),
            Model = Below(4),
            Tier = Below(100),
            HasArtifact = hasArtifact,
            Artifact = artifact,
            Best = Coin() || !hasArtifact ? artifact : Bytes(),
            Score = Share(),
            BestScore = Share(),
            BestIteration = Int(),
            Similarities = [.. Enumerable.Range(0, Below(9)).Select(_ => Share())],
            Failures = Below(10),
            Rejections = Below(10),
            ElapsedMs = Long(),
            Cost = Below(1_000) / 8.0,
            IsRouted = true,
            Held = [.. Enumerable.Range(0, Below(4)).Select(_ => Below(9))],
            Recent = hasArtifact ? [.. Enumerable.Range(0, Below(4)).Select(_ => new RecentArtifact(Bytes()))] : [],
            Seen = [.. Enumerable.Range(0, Below(9)).Select(_ => Bits())],
            Novelty = Share(),
            StintFrom = 1 + Below(100),
            StintScore = Share(),
            StintCost = Below(100) / 8.0,
            ImprovedAt = Int(),
            ImprovedTo = Share(),
            TimesBelow = Below(5),
            Refusal = Coin() ? null : Text(),
            Rung = Below(5),
            MayStepBack = Coin(),
            Diversity = 1 + Below(5),
            Explores = Coin(),
            Used = Bits(),
            Vote = Below(5),
            Votes = Below(5),
            Passes = Int(),
            Story = Story(),
            Decisions = [.. Enumerable.Range(0, Below(4)).Select(_ => Decision())],
        };
    }

    public DecisionRecord Decision() => new(
        new Observation
        {
            Kind = (ObservationKind)Below(4),
            Iteration = Int(),
            Model = Text(),
            Tier = Below(100),
            Score = Share(),
            BestScore = Share(),
            AcceptAt = Share(),
            Converged = Coin(),
            Evidence = [.. Enumerable.Range(0, Below(4)).Select(_ => new ConvergenceEvidence(Text(), Share(), Below(100) / 100.0, Below(10), 1 + Below(5)))],
            Concern = Concern(),
            Failures = Below(10),
            Rejections = Below(10),
            Refusal = Coin() ? null : Text(),
            Disagreement = Share(),
            Vote = Coin() ? null : Tally(),
            Opinions = Opinions(),
            Maker = Coin() ? null : Text(),
            IsOverloaded = Coin(),
            NextModel = Coin() ? null : Text(),
            HasLargerModel = Coin(),
            HasOtherModel = Coin(),
            CanVote = Coin(),
            Rung = Below(10),
            Passes = Int(),
            Cost = Below(1_000) / 8.0,
            ElapsedMs = Long(),
            BudgetLeft = Coin(),
        },
        new SupervisionDecision((SupervisionAction)Below(12), Text()) { Model = Coin() ? null : Text(), Rung = Coin() ? null : Below(10) },
        Below(100), NodeId());

    public Story Story() => Coin() ? Supervision.Story.Empty : new Story([.. Enumerable.Range(0, 1 + Below(5)).Select(_ => Step())], Below(10));

    private StoryStep Step() => new()
    {
        From = Int(),
        To = Int(),
        Model = Text(),
        Node = NodeId(),
        Kind = (ObservationKind)Below(4),
        Score = Coin() ? null : Below(101) / 100.0,
        BestScore = Coin() ? null : Below(101) / 100.0,
        Concern = Concern(),
        Action = (SupervisionAction)Below(12),
        Reason = Text(),
        PolicyVersion = Int(),
        Vote = Coin() ? null : Tally(),
        Opinions = Opinions(),
        Maker = Coin() ? null : Text(),
        Passes = Int(),
        Cost = Below(1_000) / 8.0,
    };

    private Concern? Concern() => Coin() ? null : new Concern((ConcernKind)(1 + Below(3)), Int(), Int(), Below(100) / 8.0);

    private VoteTally Tally() => new((VoteVerdict)Below(3), Below(6), Below(6), Below(6), (Below(100) - 50) / 8.0, Below(100) / 8.0);

    private Opinion[] Opinions() => [.. Enumerable.Range(0, Below(4)).Select(_ => new Opinion(Text(), (Judgement)Below(3))
    {
        Node = Coin() ? null : NodeId(),
        Confidence = Below(101) / 100.0,
        Reason = Coin() ? null : Text(),
    })];

    private VoterModel Voter() => new(Text(), Name(20));

    private object? Body(MessageKind kind) => kind switch
    {
        MessageKind.Announce => Spec(),
        MessageKind.Assign => new Assignment(Spec(), Peer(), Incarnation(), Coin() ? long.MaxValue : Long(), Coin()) { Term = Term(), Adopted = Coin(), Suspicion = Suspicion(), Difficulty = Below(101) / 100.0 },
        MessageKind.Announced => Enumerable.Range(0, Below(20)).Select(_ => TaskId()).ToArray(),
        MessageKind.Report => Report(),
        MessageKind.Result => Settlement(),
        MessageKind.Progress => new IterationReport(Int(), Bytes(), Share(), Share(), Text(), Below(100), NodeId())
        {
            Novelty = Share(),
            Consistency = Share(),
            Concern = Concern(),
            Action = (SupervisionAction)Below(12),
            Reason = Text(),
        },
        MessageKind.CallVote => new VoteCall(Spec(), Bytes(), [.. Enumerable.Range(0, 1 + Below(5)).Select(_ => Voter())], 1 + Below(1_000_000), Coin()),
        MessageKind.AskBallot => new BallotCall(Spec(), Bytes(), Voter(), Below(16), 1 + Below(1_000_000)),
        MessageKind.BallotCast => new BallotCast(Below(16), new Ballot((Judgement)Below(3), Coin() ? null : Text(), Below(100) / 8.0)),
        MessageKind.VoteClosed => new VoteResult(1 + Below(100), Tally(), Opinions()),
        MessageKind.Told => Story(),
        MessageKind.Administer => new AdministrationRequest((AdministrationKind)(1 + Below(6))) { Node = Coin() ? default : NodeId(), Reason = Coin() ? "" : Text(), Begun = Coin(), Start = Incarnation() },
        MessageKind.FailTask => new FailOrder(Peer(), Text()),
        MessageKind.Administered => new AdministrationAnswer((AdministrationVerdict)(1 + Below(10)))
        {
            Begun = Coin(),
            Start = Incarnation(),
            Ledger = Coin() ? default : NodeId(),
            Nodes = [.. Enumerable.Range(0, Below(4)).Select(_ => ClusterNode())],
            Parked = [.. Enumerable.Range(0, Below(4)).Select(_ => new ParkedTask(TaskId(), ClassVersion(), (ParkedFor)(1 + Below(2)), TimeSpan.FromMilliseconds(Int()), Coin() ? null : NodeId()))],
            ParkedTotal = Int(),
        },
        _ => null,
    };

    private ClusterNode ClusterNode() => new(NodeId(), Incarnation(), Name(30), Roles(), (ClusterStanding)Below(6))
    {
        Load = Coin() ? null : Load(),
        Limit = Int(),
        Held = Int(),
        Assigned = Int(),
        Classes = [.. Enumerable.Range(0, Below(4)).Select(_ => ClassVersion())],
        SinceHeard = TimeSpan.FromMilliseconds(Int()),
    };

    private ClassVersion ClassVersion() => new(Text(), 1 + Below(1_000));

    private NodeRoles Roles() => (NodeRoles)(1 + Below(7));

    private NodeLoad Load() => new(Int(), Int(), Int(), Below(101) / 100.0, Enumerable.Range(0, Below(3)).ToDictionary(i => $"{Name(20)}{i}", _ => Int()), Below(1 << 30));

    private NodeReport Report() => new()
    {
        Term = Term(),
        Classes = [.. Enumerable.Range(0, Below(4)).Select(_ => Class())],
        Limit = Int(),
        Draining = Coin(),
        Leaving = Coin(),
        Turns = Long(),
        Roles = Roles(),
        Load = Load(),
        Held = [.. Enumerable.Range(0, Below(10)).Select(_ => new HeldAttempt(new Attempt(TaskId(), Epoch()), Int(), Coin(), Suspicion(), Coin() ? Name(40) : null))],
    };

    private long Number(MessageKind kind) => kind switch
    {
        MessageKind.Refused => 1 + Below(6),
        MessageKind.Answered => 1 + Below(2),
        MessageKind.CallVote or MessageKind.AskBallot or MessageKind.BallotCast or MessageKind.VoteClosed => 1 + Below(1_000),
        _ => (long)Bits(),
    };

    private Term Term() => new(Below(3), Long());

    private ClassKey Class() => new(Text(), 1 + Below(1_000));

    private double Share() => Below(4) == 0 ? double.NaN : Below(1_001) / 1_000.0;

    private int Int() => Below(4) switch { 0 => 0, 1 => int.MaxValue, _ => Below(1_000) };

    private long Long() => Below(4) switch { 0 => 0, 1 => long.MaxValue - 1, _ => Below(1 << 30) };

    private ReadOnlyMemory<byte> Bytes()
    {
        var bytes = new byte[Below(4) == 0 ? 0 : Below(300)];
        for (var i = 0; i < bytes.Length; i++) bytes[i] = (byte)Bits();
        return bytes;
    }

    private string Name(int most) => string.Concat(Enumerable.Range(0, 1 + Below(most)).Select(_ => "abcXYZ019-_."[Below(12)]));

    private string Text() => string.Concat(Enumerable.Range(0, 1 + Below(20)).Select(_ => "aß漢 \0\n\"z"[Below(8)]));
}

/// <summary>Draws the seeds of samples, all over.</summary>
internal static class SampleSeeds
{
    public static Arbitrary<int> Any() => Gen.Choose(0, int.MaxValue - 1).ToArbitrary();
}
