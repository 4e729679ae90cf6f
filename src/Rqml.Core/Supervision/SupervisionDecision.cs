namespace Rqml.Supervision;

/// <summary>One decision of a policy.</summary>
/// <param name="Action">What is to happen.</param>
/// <param name="Reason">Why, in words, for whoever asks what became of a task; at most 500 characters are kept.</param>
public readonly record struct SupervisionDecision(SupervisionAction Action, string Reason)
{
    /// <summary>The model to go on with, for <see cref="SupervisionAction.SwitchModel"/>.</summary>
    public string? Model { get; init; }

    /// <summary>Rungs of the ladder that are climbed by it; null: as many as before.</summary>
    public int? Rung { get; init; }

    /// <summary>Another iteration in the same way.</summary>
    public static SupervisionDecision Continue(string reason) => new(SupervisionAction.Continue, reason);

    /// <summary>Validate the artifact and, if it is accepted, finish as converged.</summary>
    public static SupervisionDecision Accept(string reason) => new(SupervisionAction.Accept, reason);

    /// <summary>The same iteration again after a pause: for a pass that failed.</summary>
    public static SupervisionDecision Retry(string reason) => new(SupervisionAction.Retry, reason);

    /// <summary>Go on with a model of a higher tier, which the router chooses. Needs <see cref="Observation.HasLargerModel"/>.</summary>
    public static SupervisionDecision Escalate(string reason) => new(SupervisionAction.Escalate, reason);

    /// <summary>Go on with this model of the class, from the best artifact.</summary>
    public static SupervisionDecision SwitchTo(string model, string reason) => new(SupervisionAction.SwitchModel, reason) { Model = model };

    /// <summary>Go on with another model, which the router chooses, exploring. Needs <see cref="Observation.HasOtherModel"/>.</summary>
    public static SupervisionDecision Reroute(string reason) => new(SupervisionAction.Reroute, reason);

    /// <summary>Go on with several passes an iteration, of which the best is taken.</summary>
    public static SupervisionDecision Diversify(string reason) => new(SupervisionAction.Diversify, reason);

    /// <summary>Ask voters whether the best artifact is acceptable. Needs <see cref="Observation.CanVote"/> and an artifact.</summary>
    public static SupervisionDecision Vote(string reason) => new(SupervisionAction.Vote, reason);

    /// <summary>Finish with the best artifact, unconverged.</summary>
    public static SupervisionDecision Terminate(string reason) => new(SupervisionAction.Terminate, reason);

    /// <summary>Finish with the best artifact, rejected: for what validators have refused.</summary>
    public static SupervisionDecision Reject(string reason) => new(SupervisionAction.Reject, reason);

    /// <summary>Finish with the best artifact, out of budget. A budget that is used up needs no such decision: whatever would go on becomes this one.</summary>
    public static SupervisionDecision Exhaust(string reason) => new(SupervisionAction.Exhaust, reason);

    /// <summary>Finish as failed.</summary>
    public static SupervisionDecision Fail(string reason) => new(SupervisionAction.Fail, reason);
}

/// <summary>What a policy may decide. Whatever changes the way of working goes on from the best artifact.</summary>
public enum SupervisionAction
{
    /// <summary>Another iteration in the same way.</summary>
    Continue = 0,

    /// <summary>Validate the artifact and, if it is accepted, finish as converged. After a vote it is the best artifact, and nobody is asked again.</summary>
    Accept = 1,

    /// <summary>The same iteration again after a pause.</summary>
    Retry = 2,

    /// <summary>Go on with a model of a higher tier, which the router chooses.</summary>
    Escalate = 3,

    /// <summary>Finish with the best artifact, unconverged.</summary>
    Terminate = 4,

    /// <summary>Finish as failed.</summary>
    Fail = 5,

    /// <summary>Finish as rejected.</summary>
    Reject = 6,

    /// <summary>Finish as out of budget, with the best artifact.</summary>
    Exhaust = 7,

    /// <summary>Go on with a certain model of the class.</summary>
    SwitchModel = 8,

    /// <summary>Let the router choose another model, and explore instead of exploit.</summary>
    Reroute = 9,

    /// <summary>Make several passes an iteration, of as many families as there are, and take the best.</summary>
    Diversify = 10,

    /// <summary>Ask voters whether the best artifact is acceptable.</summary>
    Vote = 11,
}
