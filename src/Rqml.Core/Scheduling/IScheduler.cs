using Rqml.Administration;
using Rqml.Cluster;

namespace Rqml.Scheduling;

/// <summary>The centralized scheduler, as the node that hosts it sees it: one is active in a cluster and sees nodes as a pool. Thread-safe.</summary>
public interface IScheduler
{
    /// <summary>What the scheduler knew a moment ago.</summary>
    ValueTask<SchedulerStatistics> GetStatisticsAsync(CancellationToken cancellationToken = default);

    /// <summary>How the task's current assignment was decided; null where the task is not known, waits, or there was no choice.</summary>
    ValueTask<PlacementDecision?> ExplainAsync(TaskId task, CancellationToken cancellationToken = default);
}

/// <summary>What a scheduler knew. Immutable.</summary>
/// <param name="IsActive">Whether it leads.</param>
/// <param name="Term">The term in which it leads.</param>
/// <param name="Tasks">Open tasks that it has.</param>
/// <param name="Waiting">Of these, waiting for a node.</param>
/// <param name="Moved">Tasks that were taken from a node that had died.</param>
/// <param name="Nodes">The nodes.</param>
public sealed record SchedulerStatistics(bool IsActive, Term Term, int Tasks, int Waiting, long Moved, IReadOnlyList<NodeStatistics> Nodes);

/// <summary>What the scheduler knew of a node.</summary>
/// <param name="Node">The node.</param>
/// <param name="Standing">How the scheduler sees it.</param>
/// <param name="Assigned">Tasks assigned to it.</param>
/// <param name="Limit">Attempts that it takes at most.</param>
/// <param name="Weight">Its weight, without the affinity of any one task.</param>
public sealed record NodeStatistics(NodeId Node, ClusterStanding Standing, int Assigned, int Limit, NodeWeight Weight);
