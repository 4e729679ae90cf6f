using Rqml.Supervision;

namespace Rqml.Nodes;

/// <summary>The seam of worker hosts: where models run, through bytes. Nodes run theirs in their own process; a host cannot be given another yet.</summary>
public interface IWorkerHost
{
    /// <summary>Whether the death of a worker leaves the node alive. An isolated worker makes the passes of an iteration one after the other.</summary>
    bool IsIsolated { get; }

    /// <summary>Starts a worker for one lane.</summary>
    ValueTask<IWorker> StartAsync(DeviceLane lane, CancellationToken cancellationToken);
}

/// <summary>
/// Runs the code of task classes for one lane: one call at a time, but for the passes of one iteration, which overlap where the host is not isolated.
/// </summary>
public interface IWorker : IAsyncDisposable
{
    /// <summary>One pass of a model and the assessment of what it made.</summary>
    /// <exception cref="WorkerDiedException">The worker is gone: a strike for the attempt, and the lane gets another worker.</exception>
    /// <remarks>Any other exception is the model's, scorer's or serializer's own: the pass failed.</remarks>
    ValueTask<PassResult> RefineAsync(PassRequest request, CancellationToken cancellationToken);

    /// <summary>Compares what several passes made.</summary>
    /// <returns>The similarity of each two, row by row above the diagonal: for three artifacts those of the first and second, first and third, second and third.</returns>
    /// <exception cref="WorkerDiedException">The worker is gone.</exception>
    ValueTask<IReadOnlyList<double>> CompareAsync(ComparisonRequest request, CancellationToken cancellationToken);

    /// <summary>Asks each of the class's validators about an artifact.</summary>
    /// <returns>One verdict each, in the class's order; of a validator that threw or took too long an abstention.</returns>
    /// <exception cref="WorkerDiedException">The worker is gone.</exception>
    ValueTask<IReadOnlyList<Validation>> ValidateAsync(ValidationRequest request, CancellationToken cancellationToken);

    /// <summary>Asks one voter about an artifact of a task that may run elsewhere.</summary>
    /// <exception cref="WorkerDiedException">The worker is gone.</exception>
    ValueTask<Ballot> VoteAsync(BallotRequest request, CancellationToken cancellationToken);
}

/// <summary>What a worker needs for one pass.</summary>
/// <param name="Class">Name of the task class.</param>
/// <param name="ClassVersion">Version of the task class.</param>
/// <param name="Pass">Which pass it is.</param>
/// <param name="Payload">The payload's bytes.</param>
/// <param name="Artifact">The current artifact's bytes; meaningless without <paramref name="HasArtifact"/>.</param>
/// <param name="HasArtifact">Whether there is an artifact yet.</param>
/// <param name="Beat">Called by the model as a sign of life.</param>
public readonly record struct PassRequest(
    string Class, int ClassVersion, PassInfo Pass, ReadOnlyMemory<byte> Payload, ReadOnlyMemory<byte> Artifact, bool HasArtifact, Action? Beat)
{
    /// <summary>Earlier artifacts that the new one is compared with for its novelty; empty where no rule asks for it.</summary>
    public IReadOnlyList<ReadOnlyMemory<byte>> Recent { get; init; } = [];

    /// <summary>What validators said when they last refused; null where they have not.</summary>
    public string? Refusal { get; init; }
}

/// <summary>What came of a pass.</summary>
/// <param name="Artifact">The new artifact's bytes; they never change.</param>
/// <param name="Score">In [0, 1]; NaN where nothing scores this class.</param>
/// <param name="Similarity">To the artifact before, in [0, 1]; NaN for the first.</param>
/// <param name="Cost">What the pass cost; NaN: the declared cost.</param>
public readonly record struct PassResult(ReadOnlyMemory<byte> Artifact, double Score, double Similarity, double Cost)
{
    /// <summary>1 less the largest similarity to the request's recent artifacts; NaN where there were none.</summary>
    public double Novelty { get; init; } = double.NaN;
}

/// <summary>What a worker needs to compare artifacts.</summary>
public readonly record struct ComparisonRequest(string Class, int ClassVersion, IReadOnlyList<ReadOnlyMemory<byte>> Artifacts);

/// <summary>What a worker needs to validate.</summary>
public readonly record struct ValidationRequest(string Class, int ClassVersion, Attempt Attempt, ReadOnlyMemory<byte> Payload, ReadOnlyMemory<byte> Artifact);

/// <summary>What a worker needs for a voter's ballot: the pass names the voter's model and has the ballot's seed.</summary>
public readonly record struct BallotRequest(string Class, int ClassVersion, PassInfo Pass, ReadOnlyMemory<byte> Payload, ReadOnlyMemory<byte> Artifact, Action? Beat);

/// <summary>A worker ended in the middle of a call.</summary>
public sealed class WorkerDiedException(Attempt attempt, string cause, Exception? innerException = null)
    : RqmlException($"The worker running {attempt} died: {cause}.", innerException)
{
    /// <summary>What it was running.</summary>
    public Attempt Attempt { get; } = attempt;

    /// <summary>What is known of its death.</summary>
    public string Cause { get; } = cause;
}
