using FsCheck.Xunit;
using Google.Protobuf;
using Rqml.Checkpoints;
using Rqml.Models;
using Rqml.Nodes;
using Rqml.Protocol;
using Rqml.Refinement;
using Rqml.Supervision;

namespace Rqml.Core.Tests.Refinement;

public sealed class RefinementMachineTests
{
    private static readonly Attempt Attempt = new(TaskId.Create(1_000, 7, new LedgerId(9)), new Epoch(1, 1, 1));
    private static readonly NodeId Node = new("node");
    private static readonly DeviceLane Lane = new("cpu", 0);

    /// <summary>Cut at every boundary, through the bytes that the disk would hold: artifacts, decisions, seeds of passes and the settlement are those of the machine that was lost.</summary>
    [Property(Arbitrary = [typeof(SampleSeeds)], MaxTest = 400)]
    public void A_resumed_machine_goes_on_exactly_as_the_lost_one(int seed)
    {
        var samples = new Samples((ulong)seed);
        var @class = new Scripted(samples);
        var spec = samples.Spec() with { Id = Attempt.Task, Class = @class.Key, Budget = new TaskBudget { Iterations = 1 + samples.Below(30), Time = TimeSpan.FromMilliseconds(200 + samples.Below(3_000)), Cost = 1 + samples.Below(60) } };
        var script = Enumerable.Range(0, 100).Select(_ => new Step(samples)).ToArray();

        var lost = Run(new RefinementMachine(@class, spec, RefinementSnapshot.Empty, Node), script);

        Assert.NotNull(lost[^1].Settlement);      // the budget ends it within the script
        foreach (var (boundary, index) in lost.Select((entry, index) => (entry, index)).SkipLast(1))
        {
            var resumed = Run(new RefinementMachine(@class, spec, ThroughBytes(boundary.Boundary!, @class), Node), script[(index + 1)..]);
            Assert.Equal(lost.Skip(index + 1).Select(entry => entry.Seen), resumed.Select(entry => entry.Seen));
        }
    }

    /// <summary>What the loop of an attempt does with a machine, pass by pass, and what can be seen of it.</summary>
    private static List<Entry> Run(RefinementMachine machine, Step[] script)
    {
        var entries = new List<Entry>();
        foreach (var step in script)
        {
            string asked;
            SupervisionDecision decision;
            if (machine.State.Vote > 0)
            {
                asked = Contents.Describe(machine.CallVote());
                decision = machine.Voted(step.Tally, []);
            }
            else
            {
                machine.Route();
                var requests = Enumerable.Range(0, machine.PassCount).Select(pass => machine.Pass(pass, Attempt, Lane, beat: null)).ToArray();
                asked = string.Join(" ", requests.Select(request => $"{request.Pass} {request.HasArtifact} {Convert.ToHexString(request.Artifact.Span)} {Contents.Describe(request.Recent)} {request.Refusal}"));
                var made = requests.Select((request, pass) => step.Made(pass, request.HasArtifact, request.Recent.Count > 0)).ToArray();
                decision = made.Any(pass => pass is not null) ? machine.Refined(made, step.Alike(made.Count(pass => pass is not null)), step.TookMs) : machine.Failed(step.TookMs);
            }

            if (decision.Action == SupervisionAction.Accept && !machine.IsElected && step.IsRefused) decision = machine.Judged(new JointVerdict(false, "it is refused", double.NaN, []), 0);
            var seen = $"{asked} {decision} {Contents.Describe(machine.State)}";
            if (OutcomeOf(decision) is { } outcome)
            {
                var settlement = Contents.Describe(machine.Finish(outcome, null, Attempt, 0));
                entries.Add(new Entry($"{seen} {settlement}", null, settlement));
                return entries;
            }

            entries.Add(new Entry(seen, machine.State, null));
            machine.ForgetDecisions();
        }

        return entries;
    }

    private static Outcome? OutcomeOf(SupervisionDecision decision) => decision.Action switch
    {
        SupervisionAction.Accept => Outcome.Converged,
        SupervisionAction.Terminate => Outcome.Unconverged,
        SupervisionAction.Reject => Outcome.Rejected,
        SupervisionAction.Exhaust => Outcome.BudgetExhausted,
        SupervisionAction.Fail => Outcome.Failed,
        _ => null,
    };

    private static RefinementSnapshot ThroughBytes(RefinementSnapshot snapshot, TaskClassDefinition @class)
    {
        var (written, _) = CheckpointCodec.Write(Attempt, snapshot, @class.Models[snapshot.Model].Name, 1, new byte[32]);
        var record = CheckpointCodec.Read(written.ToByteArray(), Attempt.Task)!;
        var artifacts = new[] { snapshot.Artifact, snapshot.Best }.Concat(snapshot.Recent.Select(recent => recent.Bytes)).ToLookup(artifact => ByteString.CopyFrom(System.Security.Cryptography.SHA256.HashData(artifact.Span)));
        return CheckpointCodec.Restore(record, hash => artifacts[hash].First().ToArray())!;
    }

    private sealed record Entry(string Seen, RefinementSnapshot? Boundary, string? Settlement);

    /// <summary>What comes of one iteration or vote, whatever it is asked for.</summary>
    private sealed class Step(Samples samples)
    {
        private readonly PassResult?[] _passes = [.. Enumerable.Range(0, PassPlan.MaxPasses).Select(_ => Pass(samples))];
        private readonly double[] _alike = [.. Enumerable.Range(0, PassPlan.MaxPasses * PassPlan.MaxPasses).Select(_ => samples.Below(11) / 10.0)];

        public bool IsRefused { get; } = samples.Coin();

        public long TookMs { get; } = samples.Below(200);

        public VoteTally Tally { get; } = new((VoteVerdict)samples.Below(3), 3, samples.Below(3), samples.Below(2), samples.Below(5) - 2, samples.Below(5) / 2.0);

        public PassResult? Made(int pass, bool hasArtifact, bool hasRecent) => _passes[pass] is { } made
            ? made with { Similarity = hasArtifact ? made.Similarity : double.NaN, Novelty = hasRecent ? made.Novelty : double.NaN }
            : null;

        public double[] Alike(int made) => _alike[..(made * (made - 1) / 2)];

        private static PassResult? Pass(Samples samples)
        {
            if (samples.Below(5) == 0) return null;
            return new PassResult(
                new byte[] { (byte)samples.Below(4), (byte)samples.Below(4) }, samples.Below(8) == 0 ? double.NaN : samples.Below(11) / 10.0, samples.Below(11) / 10.0,
                samples.Coin() ? double.NaN : samples.Below(8) / 4.0)
            { Novelty = samples.Below(11) / 10.0 };
        }
    }

    /// <summary>A class of which only what the machine asks of it matters.</summary>
    private sealed class Scripted(Samples samples) : TaskClassDefinition(
        new TaskClass<string, string>("scripted"),
        [.. Enumerable.Range(0, 1 + samples.Below(4)).Select(tier => new ModelDescriptor($"model-{tier}", tier, "family", samples.Below(4) / 2.0, "cpu"))],
        new ClassPolicy
        {
            Rules = samples.Below(5) switch
            {
                0 => [],
                1 => [Novelty.Below(0.3).Within(1 + samples.Below(8)).For(1 + samples.Below(3)), Consistency.Over(2 + samples.Below(3)).AtLeast(0.5)],
                2 => [Novelty.Below(0.5), Stability.Over(2).AtLeast(0.4)],
                _ => [Stability.Over(2 + samples.Below(3)).AtLeast(0.3 + (samples.Below(6) / 10.0))],
            },
            AnyRule = samples.Coin(),
            Monitor = new ConvergenceMonitor { StallAfter = 2 + samples.Below(4) },
            Vote = samples.Coin() ? null : new VotePolicy(3, 0.9, TimeSpan.FromSeconds(1), samples.Coin()),
            AcceptAt = samples.Coin() ? null : samples.Below(11) / 10.0,
        })
    {
        public override ValueTask<PassResult> RefineAsync(PassRequest request, CancellationToken cancellationToken) => throw new NotSupportedException("The test says what comes of a pass.");

        public override ValueTask<IReadOnlyList<double>> CompareAsync(ComparisonRequest request, CancellationToken cancellationToken) => throw new NotSupportedException("The test says what is alike.");

        public override ValueTask<IReadOnlyList<Validation>> ValidateAsync(ValidationRequest request, CancellationToken cancellationToken) => throw new NotSupportedException("The test says what validators say.");

        public override ValueTask<Ballot> VoteAsync(BallotRequest request, CancellationToken cancellationToken) => throw new NotSupportedException("The test says how votes end.");
    }
}
