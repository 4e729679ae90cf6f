using FsCheck;
using FsCheck.Fluent;
using Rqml.Cluster;
using Rqml.Ledgers;
using Rqml.Messaging;
using Rqml.Nodes;
using Rqml.Refinement;
using Rqml.Supervision;
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
            SettledMs = Long(),
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
            Decisions = [.. Enumerable.Range(0, Below(4)).Select(_ => Decision())],
        };
    }

    public DecisionRecord Decision() => new(
        new Observation((ObservationKind)Below(3), Int(), Share(), Share(), Share(), Coin(), Below(10), Below(10), Below(100), Coin(), Coin()), (SupervisionDecision)Below(8), Below(100), Text());

    private object? Body(MessageKind kind) => kind switch
    {
        MessageKind.Announce => new Announcement(Spec(), Coin()),
        MessageKind.Assign => new Assignment(Spec(), Peer(), Incarnation(), Coin() ? long.MaxValue : Long(), Coin()) { Term = Term(), Adopted = Coin(), Suspicion = Suspicion() },
        MessageKind.Announced => Enumerable.Range(0, Below(20)).Select(_ => TaskId()).ToArray(),
        MessageKind.Report => Report(),
        MessageKind.Result => Settlement(),
        MessageKind.Progress => new IterationReport(Int(), Bytes(), Share(), Share(), Text(), Below(100), NodeId()),
        _ => null,
    };

    private NodeReport Report() => new()
    {
        Term = Term(),
        Classes = [.. Enumerable.Range(0, Below(4)).Select(_ => Class())],
        Limit = Int(),
        Draining = Coin(),
        Load = new NodeLoad(Int(), Int(), Int(), Below(101) / 100.0, Enumerable.Range(0, Below(3)).ToDictionary(i => $"{Name(20)}{i}", _ => Int()), Below(1 << 30)),
        Held = [.. Enumerable.Range(0, Below(10)).Select(_ => new HeldAttempt(new Attempt(TaskId(), Epoch()), Int(), Coin(), Suspicion(), Coin() ? Name(40) : null))],
    };

    private long Number(MessageKind kind) => kind switch
    {
        MessageKind.Refused => 1 + Below(6),
        MessageKind.Answered => 1 + Below(2),
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
