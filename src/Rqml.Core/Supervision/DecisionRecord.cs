namespace Rqml.Supervision;

/// <summary>One decision, with what it rested on. Part of the checkpoint of its iteration.</summary>
/// <param name="Seen">What the policy saw.</param>
/// <param name="Decision">What it decided.</param>
/// <param name="PolicyVersion">Version of the policy.</param>
/// <param name="Model">Name of the model that had worked.</param>
public sealed record DecisionRecord(Observation Seen, SupervisionDecision Decision, int PolicyVersion, string Model);
