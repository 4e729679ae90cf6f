namespace Rqml.Supervision;

/// <summary>One decision, with what it rested on. Part of the checkpoint of its iteration.</summary>
/// <param name="Seen">What the policy saw.</param>
/// <param name="Decision">What was decided; where a budget overruled the policy, that.</param>
/// <param name="PolicyVersion">Version of the policy.</param>
/// <param name="By">The node that decided.</param>
public sealed record DecisionRecord(Observation Seen, SupervisionDecision Decision, int PolicyVersion, NodeId By);
