using Rqml.Cluster;
using Rqml.Hosting;

namespace Rqml.Nodes;

/// <summary>What a node tells the scheduler, every heartbeat and after each change that matters. Immutable.</summary>
internal sealed record NodeReport
{
    /// <summary>The term that the node obeys; a leader counts only reports to its own.</summary>
    public required Term Term { get; init; }

    public required IReadOnlyList<ClassKey> Classes { get; init; }

    /// <summary>Attempts that the node takes at most: lanes and inbound window.</summary>
    public required int Limit { get; init; }

    public required bool Draining { get; init; }

    /// <summary>It takes nothing new because it is about to end, and not because an operator wants it so.</summary>
    public bool Leaving { get; init; }

    /// <summary>How often this process has begun to take nothing new, or has taken work again: a report that was overtaken by a later one tells nothing of that.</summary>
    public long Turns { get; init; }

    /// <summary>What the node does beside running tasks.</summary>
    public NodeRoles Roles { get; init; } = NodeRoles.Worker;

    public required NodeLoad Load { get; init; }

    /// <summary>Every attempt here, waiting, running or finished and not yet answered.</summary>
    public required IReadOnlyList<HeldAttempt> Held { get; init; }
}

/// <summary>
/// One attempt at a node, the iteration that it has reached, and whether it waits to be adopted before it runs. It names its partition key, as a new leader may hear
/// of it here before its ledger announces it, and must not give another task of the key out meanwhile.
/// </summary>
internal readonly record struct HeldAttempt(Attempt Attempt, int Iteration, bool AwaitsAdoption, Suspicion Suspicion, string? PartitionKey);

/// <summary>A node's load as measured, never made up.</summary>
/// <param name="Lanes">Worker lanes.</param>
/// <param name="Running">Lanes at work.</param>
/// <param name="Waiting">Attempts waiting for a lane.</param>
/// <param name="MemoryPressure">Share of the memory that the process may use which is in use, in [0, 1].</param>
/// <param name="Devices">Free lanes by device kind other than "cpu".</param>
/// <param name="BytesPerSecond">Bytes that links carried in the last second, both ways.</param>
public sealed record NodeLoad(int Lanes, int Running, int Waiting, double MemoryPressure, IReadOnlyDictionary<string, int> Devices, double BytesPerSecond);
