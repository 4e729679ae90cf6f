using System.Buffers.Binary;
using System.Security.Cryptography;
using Rqml.Ledgers;
using Rqml.Models;
using Rqml.Nodes;
using Rqml.Refinement;
using Rqml.Supervision;

namespace Rqml.Testing.Simulation;

/// <summary>What a simulated task does to whoever runs it.</summary>
internal enum Temper : byte
{
    /// <summary>Refines and converges.</summary>
    Calm,

    /// <summary>Its model throws now and then.</summary>
    Clumsy,

    /// <summary>Its model hangs once in a while and ignores cancellation.</summary>
    Stubborn,

    /// <summary>Every worker that runs it dies.</summary>
    Poisonous,

    /// <summary>Every node that runs it dies.</summary>
    Deadly,
}

/// <summary>A simulated task's payload: how many iterations it takes, its temper, and the version of its class that it was submitted under.</summary>
/// <param name="Number">Unique in a run.</param>
/// <param name="Iterations">Until it converges.</param>
/// <param name="Temper">What it does to whoever runs it.</param>
/// <param name="Version">Of its class.</param>
/// <param name="Keys">How many partition keys the works of the run share.</param>
internal readonly record struct SimulatedWork(int Number, int Iterations, Temper Temper, int Version = 1, int Keys = 2) : IWork
{
    public const string ClassName = "simulated";

    private static readonly Stub[] Definitions = [new Stub(1), new Stub(2)];

    ClassKey IWork.Class => new(ClassName, Version);

    string? IWork.PartitionKey => Number % 5 == 0 ? $"key-{Number % (5 * Keys)}" : null;

    /// <summary>The class as hosts of that version have it.</summary>
    public static TaskClassDefinition DefinitionOf(int version) => Definitions[version - 1];

    public ulong Seed => (ulong)Number;

    public TaskBudget Budget => TaskBudget.OfClass;

    public TimeSpan? Deadline => null;

    public byte[] ToBytes()
    {
        var bytes = new byte[10];
        BinaryPrimitives.WriteInt32LittleEndian(bytes, Number);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(4), Iterations);
        bytes[8] = (byte)Temper;
        bytes[9] = (byte)Version;
        return bytes;
    }

    public static SimulatedWork Read(ReadOnlySpan<byte> bytes) =>
        new(BinaryPrimitives.ReadInt32LittleEndian(bytes), BinaryPrimitives.ReadInt32LittleEndian(bytes[4..]), (Temper)bytes[8], bytes[9]);

    /// <summary>Each artifact is the hash of the one before: a run that skipped, repeated or mixed up an iteration ends with another one.</summary>
    public byte[] Refine(ReadOnlySpan<byte> before, int iteration)
    {
        Span<byte> input = stackalloc byte[12 + 32];
        BinaryPrimitives.WriteInt32LittleEndian(input, Number);
        BinaryPrimitives.WriteInt32LittleEndian(input[4..], iteration);
        before.CopyTo(input[12..]);
        return SHA256.HashData(input);
    }

    /// <summary>The artifact that the task must end with.</summary>
    public byte[] Expected()
    {
        byte[] artifact = [];
        for (var iteration = 1; iteration <= Iterations; iteration++) artifact = Refine(artifact, iteration);
        return artifact;
    }

    public void Check(Judge judge, TaskId id, Settlement settlement)
    {
        switch (settlement.Outcome)
        {
            case Outcome.Converged when !settlement.Artifact.Span.SequenceEqual(Expected()):
                judge.Violated('e', $"{id} ended with an artifact that no undisturbed run makes ({settlement.Iterations} of {Iterations} iterations)");
                break;
            case Outcome.Converged when Temper is Temper.Poisonous or Temper.Deadly:
                judge.Violated('g', $"{id} kills whatever runs it, and converged");
                break;
            case Outcome.Poisoned when !judge.MayBeConvicted(id):
                judge.Violated('g', $"{id} was convicted though too few workers and nodes died of it");
                break;
            case Outcome.Converged or Outcome.Poisoned or Outcome.Cancelled:
                break;
            case Outcome.Failed when Temper == Temper.Clumsy:
                break;
            default:
                judge.Violated('a', $"{id} ended as {settlement.Outcome}: {settlement.Reason}");
                break;
        }
    }

    /// <summary>Stable from the similarity that the worker reports in the last iteration.</summary>
    private sealed class Stub(int version) : TaskClassDefinition(
        new TaskClass<byte[], byte[]>(ClassName, ValueSerializer.RawArray, ValueSerializer.RawArray, version),
        [new ModelDescriptor("model", 0, "model", 1, "cpu")],
        new ClassPolicy { MaxIterations = 1_000, Rules = [Stability.Over(2).AtLeast(1.0)], BeatTimeout = TimeSpan.FromSeconds(2), MaxTime = TimeSpan.FromDays(1) })
    {
        public override ValueTask<PassResult> RefineAsync(PassRequest request, CancellationToken cancellationToken) => throw new NotSupportedException("The simulated worker runs the work.");

        public override ValueTask<IReadOnlyList<double>> CompareAsync(ComparisonRequest request, CancellationToken cancellationToken) => throw new NotSupportedException("The simulated worker runs the work.");

        public override ValueTask<IReadOnlyList<Validation>> ValidateAsync(ValidationRequest request, CancellationToken cancellationToken) => throw new NotSupportedException("The simulated worker runs the work.");

        public override ValueTask<Ballot> VoteAsync(BallotRequest request, CancellationToken cancellationToken) => throw new NotSupportedException("The simulated worker runs the work.");
    }
}
