namespace Rqml;

/// <summary>How a task was settled. A task is settled once; whichever of these comes first wins.</summary>
public enum Outcome
{
    /// <summary>The artifact converged, met the class's bar and was accepted.</summary>
    Converged = 0,

    /// <summary>Supervision ended the task with the best artifact there was, which did not meet the bar.</summary>
    Unconverged = 1,

    /// <summary>The validators refused the artifact, and supervision had nothing else to try.</summary>
    Rejected = 2,

    /// <summary>Every model failed, or a policy or a router did; the result carries the last error.</summary>
    Failed = 3,

    /// <summary>It was cancelled.</summary>
    Cancelled = 4,

    /// <summary>Its deadline passed.</summary>
    DeadlineExceeded = 5,

    /// <summary>Its budget of iterations, passes, time or cost was used up; the result carries the best artifact so far.</summary>
    BudgetExhausted = 6,

    /// <summary>Three workers died of it.</summary>
    Poisoned = 7,
}
