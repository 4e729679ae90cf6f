namespace Rqml.Nodes;

/// <summary>The seam of worker hosts: where models run. In process, or isolated in a child process; both through bytes.</summary>
public interface IWorkerHost
{
    /// <summary>Whether the death of a worker leaves the node alive.</summary>
    bool IsIsolated { get; }

    /// <summary>Starts a worker for one lane.</summary>
    ValueTask<IWorker> StartAsync(DeviceLane lane, CancellationToken cancellationToken);
}

/// <summary>Runs the code of task classes for one lane: one call at a time.</summary>
public interface IWorker : IAsyncDisposable
{
    /// <summary>One pass of a model and the assessment of what it made.</summary>
    /// <exception cref="WorkerDiedException">The worker is gone: a strike for the attempt, and the lane gets another worker.</exception>
    /// <remarks>Any other exception is the model's, scorer's or serializer's own: the pass failed.</remarks>
    ValueTask<PassResult> RefineAsync(PassRequest request, CancellationToken cancellationToken);

    /// <summary>Asks the class's validators about a converged artifact.</summary>
    /// <exception cref="WorkerDiedException">The worker is gone.</exception>
    ValueTask<Validation> ValidateAsync(ValidationRequest request, CancellationToken cancellationToken);
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
    string Class, int ClassVersion, PassInfo Pass, ReadOnlyMemory<byte> Payload, ReadOnlyMemory<byte> Artifact, bool HasArtifact, Action? Beat);

/// <summary>What came of a pass.</summary>
/// <param name="Artifact">The new artifact's bytes; they never change.</param>
/// <param name="Score">In [0, 1]; NaN where nothing scores this class.</param>
/// <param name="Similarity">To the artifact before, in [0, 1]; NaN for the first.</param>
/// <param name="Cost">What the pass cost; NaN: the declared cost.</param>
public readonly record struct PassResult(ReadOnlyMemory<byte> Artifact, double Score, double Similarity, double Cost);

/// <summary>What a worker needs to validate.</summary>
public readonly record struct ValidationRequest(string Class, int ClassVersion, Attempt Attempt, ReadOnlyMemory<byte> Payload, ReadOnlyMemory<byte> Artifact);

/// <summary>A worker ended in the middle of a call.</summary>
public sealed class WorkerDiedException(Attempt attempt, string cause, Exception? innerException = null)
    : RqmlException($"The worker running {attempt} died: {cause}.", innerException)
{
    /// <summary>What it was running.</summary>
    public Attempt Attempt { get; } = attempt;

    /// <summary>What is known of its death.</summary>
    public string Cause { get; } = cause;
}
