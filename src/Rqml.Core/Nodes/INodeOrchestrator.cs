using Rqml.Queues;

namespace Rqml.Nodes;

/// <summary>One node: owns its queues, its workers and its lifecycle. Thread-safe.</summary>
public interface INodeOrchestrator
{
    /// <summary>The node.</summary>
    NodeId Id { get; }

    /// <summary>Where it is in its life.</summary>
    NodePhase Phase { get; }

    /// <summary>Its queues and lanes, as one value.</summary>
    ValueTask<NodeQueues> GetQueuesAsync(CancellationToken cancellationToken = default);

    /// <summary>Takes nothing new, lets what runs reach an iteration boundary, and returns when no lane is at work. What is left is durable or handed over.</summary>
    Task DrainAsync(CancellationToken cancellationToken = default);
}

/// <summary>Where a node is in its life.</summary>
public enum NodePhase
{
    /// <summary>Started; no scheduler has welcomed it yet.</summary>
    Joining = 0,

    /// <summary>Takes work.</summary>
    Active = 1,

    /// <summary>Goes on without a scheduler, with what it holds.</summary>
    Degraded = 2,

    /// <summary>Takes nothing new.</summary>
    Draining = 3,

    /// <summary>Stopped, by its host or by a failed store.</summary>
    Stopped = 4,
}

/// <summary>A node's three queues and its lanes at one moment (R2).</summary>
/// <param name="Inbound">New attempts that wait for a lane.</param>
/// <param name="Refinement">Attempts under refinement that wait for a lane.</param>
/// <param name="Running">Attempts on a lane.</param>
/// <param name="Lanes">Lanes.</param>
/// <param name="Outbound">Finished results that no ledger has answered yet.</param>
/// <param name="Abandoned">Workers that were given up since the start.</param>
/// <param name="Hanging">Of these, workers that have not come back.</param>
public sealed record NodeQueues(QueueStatistics Inbound, QueueStatistics Refinement, int Running, int Lanes, int Outbound, long Abandoned, int Hanging);
