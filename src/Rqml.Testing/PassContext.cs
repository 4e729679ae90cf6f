using Rqml.Nodes;

namespace Rqml.Testing;

/// <summary>What a model gets, made by hand: to test a model alone, without a host.</summary>
public static class PassContext
{
    /// <summary>A task's first pass: there is no artifact yet.</summary>
    /// <param name="taskClass">The task's class.</param>
    /// <param name="payload">What the task is about.</param>
    /// <param name="seed">Seed of <see cref="RefinementContext{TPayload, TArtifact}.Random"/>: the same seed gives the same numbers.</param>
    public static RefinementContext<TPayload, TArtifact> First<TPayload, TArtifact>(TaskClass<TPayload, TArtifact> taskClass, TPayload payload, ulong seed = 1)
    {
        ArgumentNullException.ThrowIfNull(taskClass);
        return new(payload, default, hasArtifact: false, PassOf(taskClass, 1, seed), beat: null);
    }

    /// <summary>A later pass, which goes on from an artifact.</summary>
    /// <param name="taskClass">The task's class.</param>
    /// <param name="payload">What the task is about.</param>
    /// <param name="artifact">What the passes before made.</param>
    /// <param name="iteration">Number of the iteration, from 2.</param>
    /// <param name="refusal">What validators said when they refused the artifact; null where they did not.</param>
    /// <param name="seed">Seed of <see cref="RefinementContext{TPayload, TArtifact}.Random"/>: the same seed gives the same numbers.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="iteration"/> is below 2.</exception>
    public static RefinementContext<TPayload, TArtifact> Later<TPayload, TArtifact>(
        TaskClass<TPayload, TArtifact> taskClass, TPayload payload, TArtifact artifact, int iteration = 2, string? refusal = null, ulong seed = 1)
    {
        ArgumentNullException.ThrowIfNull(taskClass);
        ArgumentOutOfRangeException.ThrowIfLessThan(iteration, 2);
        return new(payload, artifact, hasArtifact: true, PassOf(taskClass, iteration, seed), beat: null) { Refusal = refusal };
    }

    private static PassInfo PassOf(TaskClass taskClass, int iteration, ulong seed)
    {
        var attempt = new Attempt(TaskId.Create(0, 1, new LedgerId(1)), new Epoch(1, 1, 1));
        return new(attempt, taskClass.Name, iteration, 1, seed, new DeviceLane(NodeSettings.Processor, 0));
    }
}
