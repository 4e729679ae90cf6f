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
    private static readonly DeviceLane Lane = new("cpu", 0);

    /// <summary>Cut at every boundary, through the bytes that the disk would hold: artifacts, decisions, seeds of passes and the settlement are those of the machine that was lost.</summary>
    [Property(Arbitrary = [typeof(SampleSeeds)], MaxTest = 400)]
    public void A_resumed_machine_goes_on_exactly_as_the_lost_one(int seed)
    {
        var samples = new Samples((ulong)seed);
        var @class = new Scripted(samples);
        var spec = samples.Spec() with { Id = Attempt.Task, Class = @class.Key, Budget = new TaskBudget { Iterations = 1 + samples.Below(30), Time = TimeSpan.FromMilliseconds(200 + samples.Below(3_000)), Cost = 1 + samples.Below(60) } };
        var script = Enumerable.Range(0, 100).Select(_ => new Step(samples)).ToArray();

        var lost = Run(new RefinementMachine(@class, spec, RefinementSnapshot.Empty), script);

        Assert.NotNull(lost[^1].Settlement);      // the budget ends it within the script
        foreach (var (boundary, index) in lost.Select((entry, index) => (entry, index)).SkipLast(1))
        {
            var resumed = Run(new RefinementMachine(@class, spec, ThroughBytes(boundary.Boundary!, @class)), script[(index + 1)..]);
            Assert.Equal(lost.Skip(index + 1).Select(entry => entry.Seen), resumed.Select(entry => entry.Seen));
        }
    }

    /// <summary>What the loop of an attempt does with a machine, pass by pass, and what can be seen of it.</summary>
    private static List<Entry> Run(RefinementMachine machine, Step[] script)
    {
        var entries = new List<Entry>();
        foreach (var step in script)
        {
            var request = machine.Route(Attempt, Lane, beat: null);
            var decision = step.Pass is { } pass ? machine.Refined(pass with { Similarity = request.HasArtifact ? pass.Similarity : double.NaN }, step.TookMs) : machine.Failed(step.TookMs);
            if (decision == SupervisionDecision.Accept && step.IsRefused) decision = machine.Rejected();
            var seen = $"{request.Pass} {request.HasArtifact} {Convert.ToHexString(request.Artifact.Span)} {decision} {Contents.Describe(machine.State)}";
            if (OutcomeOf(decision) is { } outcome)
            {
                var settlement = Contents.Describe(machine.Finish(outcome, null, Attempt, new NodeId("node"), 0));
                entries.Add(new Entry($"{seen} {settlement}", null, settlement));
                return entries;
            }

            entries.Add(new Entry(seen, machine.State, null));
            machine.ForgetDecisions();
        }

        return entries;
    }

    private static Outcome? OutcomeOf(SupervisionDecision decision) => decision switch
    {
        SupervisionDecision.Accept => Outcome.Converged,
        SupervisionDecision.Terminate => Outcome.Unconverged,
        SupervisionDecision.Reject => Outcome.Rejected,
        SupervisionDecision.Exhaust => Outcome.BudgetExhausted,
        SupervisionDecision.Fail => Outcome.Failed,
        _ => null,
    };

    private static RefinementSnapshot ThroughBytes(RefinementSnapshot snapshot, TaskClassDefinition @class)
    {
        var (written, _) = CheckpointCodec.Write(Attempt, snapshot, @class.Models[snapshot.Model].Name, 1, new byte[32]);
        var record = CheckpointCodec.Read(written.ToByteArray(), Attempt.Task)!;
        var artifacts = new[] { snapshot.Artifact, snapshot.Best }.ToLookup(artifact => ByteString.CopyFrom(System.Security.Cryptography.SHA256.HashData(artifact.Span)));
        return CheckpointCodec.Restore(record, hash => artifacts[hash].First().ToArray())!;
    }

    private sealed record Entry(string Seen, RefinementSnapshot? Boundary, string? Settlement);

    /// <summary>What comes of one pass; null: it failed.</summary>
    private sealed class Step
    {
        public Step(Samples samples)
        {
            TookMs = samples.Below(200);
            IsRefused = samples.Coin();
            if (samples.Below(5) == 0) return;
            Pass = new PassResult(
                new byte[] { (byte)samples.Below(4), (byte)samples.Below(4) }, samples.Below(8) == 0 ? double.NaN : samples.Below(11) / 10.0, samples.Below(11) / 10.0,
                samples.Coin() ? double.NaN : samples.Below(8) / 4.0);
        }

        public PassResult? Pass { get; }

        public bool IsRefused { get; }

        public long TookMs { get; }
    }

    /// <summary>A class of which only what the machine asks of it matters.</summary>
    private sealed class Scripted(Samples samples) : TaskClassDefinition(
        new TaskClass<string, string>("scripted"),
        [.. Enumerable.Range(0, 1 + samples.Below(4)).Select(tier => new ModelDescriptor($"model-{tier}", tier, "family", samples.Below(4) / 2.0, "cpu"))],
        new ClassPolicy
        {
            Rules = samples.Below(5) == 0 ? [] : [Stability.Over(2 + samples.Below(3)).AtLeast(0.3 + (samples.Below(6) / 10.0))],
            AcceptAt = samples.Coin() ? null : samples.Below(11) / 10.0,
        })
    {
        public override ValueTask<PassResult> RefineAsync(PassRequest request, CancellationToken cancellationToken) => throw new NotSupportedException("The test says what comes of a pass.");

        public override ValueTask<Validation> ValidateAsync(ValidationRequest request, CancellationToken cancellationToken) => throw new NotSupportedException("The test says what validators say.");
    }
}
