namespace Rqml.Supervision;

/// <summary>
/// Maps what happened in an iteration to one decision. Pure: the same observation gives the same decision, so that a task's record can be replayed;
/// the clock, if it matters, is part of what was seen.
/// </summary>
public interface ISupervisionPolicy
{
    /// <summary>Version of the policy, recorded with each decision.</summary>
    int Version { get; }

    /// <summary>The decision.</summary>
    SupervisionDecision Decide(in Observation seen);
}

/// <summary>What the loop saw at an iteration boundary.</summary>
/// <param name="Kind">What happened.</param>
/// <param name="Iteration">Number of the iteration, from 1.</param>
/// <param name="Score">The artifact's score; NaN where nothing scores the class.</param>
/// <param name="BestScore">The best so far; NaN where nothing scores the class.</param>
/// <param name="AcceptAt">The class's bar; NaN without one.</param>
/// <param name="Converged">Whether all rules hold.</param>
/// <param name="Failures">Passes of the current model that failed one after another.</param>
/// <param name="Rejections">Times that validators refused the artifact of the current model.</param>
/// <param name="Tier">Tier of the current model.</param>
/// <param name="HasNextModel">Whether there is a model after the current one.</param>
/// <param name="BudgetLeft">Whether iterations, time and cost are left for another iteration.</param>
public readonly record struct Observation(
    ObservationKind Kind, int Iteration, double Score, double BestScore, double AcceptAt, bool Converged,
    int Failures, int Rejections, int Tier, bool HasNextModel, bool BudgetLeft);

/// <summary>What kind of thing happened.</summary>
public enum ObservationKind
{
    /// <summary>A pass made an artifact.</summary>
    Refined = 0,

    /// <summary>A pass failed.</summary>
    PassFailed = 1,

    /// <summary>The validators refused the converged artifact.</summary>
    Rejected = 2,
}

/// <summary>What a policy may decide.</summary>
public enum SupervisionDecision
{
    /// <summary>Another iteration with the same model.</summary>
    Continue = 0,

    /// <summary>Validate the artifact and, if it is accepted, finish as converged.</summary>
    Accept = 1,

    /// <summary>The same pass again after a pause.</summary>
    Retry = 2,

    /// <summary>Go on with the next model, from the best artifact.</summary>
    Escalate = 3,

    /// <summary>Finish with the best artifact, unconverged.</summary>
    Terminate = 4,

    /// <summary>Finish as failed.</summary>
    Fail = 5,

    /// <summary>Finish as rejected.</summary>
    Reject = 6,

    /// <summary>Finish as out of budget, with the best artifact.</summary>
    Exhaust = 7,
}
