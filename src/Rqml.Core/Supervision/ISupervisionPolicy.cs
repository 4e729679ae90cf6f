namespace Rqml.Supervision;

/// <summary>
/// Maps what happened in an iteration to one decision. Pure: the same observation gives the same decision, so that a task's record can be replayed;
/// the clock, if it matters, is part of what was seen. Thread-safe.
/// </summary>
/// <remarks>
/// Budgets hold whatever a policy says: what would go on without one left ends as <see cref="SupervisionAction.Exhaust"/>. A policy that throws, or decides what
/// cannot be (a model that the class does not have, a vote without voters, the acceptance of what the validators have just refused), fails the task with
/// <see cref="PolicyFailedException"/>.
/// </remarks>
public interface ISupervisionPolicy
{
    /// <summary>Version of the policy, recorded with each decision.</summary>
    int Version { get; }

    /// <summary>The decision.</summary>
    SupervisionDecision Decide(Observation seen);
}
