namespace Rqml;

/// <summary>Turns payload, artifact and context into a better artifact: an LLM, a classical learner, a kernel, a delegate. Thread-safe: several lanes call it at once.</summary>
public interface IRefinementModel<TPayload, TArtifact>
{
    /// <summary>One pass. Throwing fails the pass, not the task: supervision decides what follows.</summary>
    /// <param name="context">What the model may know; its artifact is a copy that the model may change.</param>
    /// <param name="cancellationToken">Set when the attempt is revoked, its deadline passes or the host stops. A model that ignores it is abandoned.</param>
    ValueTask<Refinement<TArtifact>> RefineAsync(RefinementContext<TPayload, TArtifact> context, CancellationToken cancellationToken);
}

/// <summary>What a pass gives back. An artifact alone converts to it.</summary>
/// <param name="Artifact">The better artifact; null fails the pass.</param>
/// <param name="Confidence">How sure the model is, in [0, 1]; null where it does not say. Where the class has no scorer it is the score.</param>
/// <param name="Cost">What the pass cost; null: the model's declared cost.</param>
public readonly record struct Refinement<TArtifact>(TArtifact Artifact, double? Confidence = null, double? Cost = null)
{
    /// <summary>An artifact without more to say of it.</summary>
#pragma warning disable CA2225 // the constructor is the named alternate
    public static implicit operator Refinement<TArtifact>(TArtifact artifact) => new(artifact);
#pragma warning restore CA2225
}
