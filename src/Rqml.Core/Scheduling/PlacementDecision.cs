namespace Rqml.Scheduling;

/// <summary>Why a task went to a node: two candidates drawn by weight, the one with the shorter expected wait won (power of two choices; Mitzenmacher 2001).</summary>
/// <param name="Chosen">The node that got it.</param>
/// <param name="Weight">Its weight.</param>
/// <param name="ExpectedWait">Attempts ahead of the task there, per lane.</param>
/// <param name="Other">The other candidate; null where only one was drawn.</param>
/// <param name="OtherWeight">The other's weight.</param>
/// <param name="OtherExpectedWait">Attempts ahead of the task at the other, per lane.</param>
public sealed record PlacementDecision(NodeId Chosen, NodeWeight Weight, double ExpectedWait, NodeId? Other, NodeWeight OtherWeight, double OtherExpectedWait);
