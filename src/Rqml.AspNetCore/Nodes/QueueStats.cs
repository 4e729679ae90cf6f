using System.Text.Json.Serialization;

namespace Rqml.AspNetCore.Nodes;

/// <summary>What <c>/queue_stats</c> says of a host's own node. A part is null where the node has not that role.</summary>
/// <param name="Node">Name of the node.</param>
/// <param name="Worker">Its queues and lanes.</param>
/// <param name="Ledger">What it has taken.</param>
/// <param name="Scheduler">What it knows as a scheduler.</param>
internal sealed record QueueStats(
    [property: JsonPropertyName("node")] string Node,
    [property: JsonPropertyName("worker")] WorkerStats? Worker,
    [property: JsonPropertyName("ledger")] LedgerStats? Ledger,
    [property: JsonPropertyName("scheduler")] SchedulerStats? Scheduler);

/// <summary>The three queues of a node, and its lanes.</summary>
/// <param name="Phase">Where it is in its life: joining, active, degraded, draining or stopped.</param>
/// <param name="Inbound">New attempts that wait for a lane.</param>
/// <param name="Refinement">Attempts under refinement that wait for a lane.</param>
/// <param name="Outbound">Finished results that no ledger has answered yet.</param>
/// <param name="Running">Attempts on a lane.</param>
/// <param name="Lanes">Lanes.</param>
/// <param name="Abandoned">Workers that were given up since the start.</param>
/// <param name="Hanging">Of these, workers that have not come back.</param>
internal sealed record WorkerStats(
    [property: JsonPropertyName("phase")] string Phase,
    [property: JsonPropertyName("inbound")] QueueDepth Inbound,
    [property: JsonPropertyName("refinement")] QueueDepth Refinement,
    [property: JsonPropertyName("outbound")] int Outbound,
    [property: JsonPropertyName("running")] int Running,
    [property: JsonPropertyName("lanes")] int Lanes,
    [property: JsonPropertyName("abandoned")] long Abandoned,
    [property: JsonPropertyName("hanging")] int Hanging);

/// <summary>What waits in a queue.</summary>
/// <param name="Waiting">All of it: ready, parked, delayed and held by their key.</param>
/// <param name="Ready">What waits for nothing but its turn.</param>
/// <param name="Parked">What waits for a model or a class that is not available now.</param>
/// <param name="Delayed">What may not begin yet.</param>
/// <param name="HeldByKey">What is behind another task of its partition key.</param>
/// <param name="Capacity">Most that the queue takes.</param>
/// <param name="OldestWaitSeconds">How long the oldest has waited.</param>
/// <param name="WaitingByClass">All of it by task class; classes without any are left out.</param>
internal sealed record QueueDepth(
    [property: JsonPropertyName("waiting")] int Waiting,
    [property: JsonPropertyName("ready")] int Ready,
    [property: JsonPropertyName("parked")] int Parked,
    [property: JsonPropertyName("delayed")] int Delayed,
    [property: JsonPropertyName("held_by_key")] int HeldByKey,
    [property: JsonPropertyName("capacity")] int Capacity,
    [property: JsonPropertyName("oldest_wait_seconds")] double OldestWaitSeconds,
    [property: JsonPropertyName("waiting_by_class")] IReadOnlyDictionary<string, int> WaitingByClass);

/// <summary>The ledger of a node.</summary>
/// <param name="Open">Tasks that are open, or on their way to it.</param>
/// <param name="MaxOpen">Most that it takes.</param>
/// <param name="Submitters">Submitters that wait for room.</param>
internal sealed record LedgerStats(
    [property: JsonPropertyName("open")] long Open,
    [property: JsonPropertyName("max_open")] int MaxOpen,
    [property: JsonPropertyName("submitters_waiting")] int Submitters);

/// <summary>What a scheduler knew a moment ago.</summary>
/// <param name="IsActive">Whether it leads.</param>
/// <param name="Term">The term in which it leads.</param>
/// <param name="Tasks">Open tasks that it has.</param>
/// <param name="Waiting">Of these, waiting for a node.</param>
/// <param name="Moved">Tasks that were taken from a node that had died.</param>
/// <param name="Nodes">The nodes.</param>
internal sealed record SchedulerStats(
    [property: JsonPropertyName("is_active")] bool IsActive,
    [property: JsonPropertyName("term")] string Term,
    [property: JsonPropertyName("tasks")] int Tasks,
    [property: JsonPropertyName("waiting")] int Waiting,
    [property: JsonPropertyName("moved")] long Moved,
    [property: JsonPropertyName("nodes")] IReadOnlyList<ScheduledNodeStats> Nodes);

/// <summary>What the scheduler knew of a node.</summary>
/// <param name="Node">The node.</param>
/// <param name="Standing">How the scheduler sees it: joining, active, suspect, draining, leaving or fencing.</param>
/// <param name="Assigned">Tasks assigned to it.</param>
/// <param name="Limit">Attempts that it takes at most.</param>
/// <param name="Weight">Its weight in [0, 1]: free capacity, reliability and affinity together.</param>
/// <param name="FreeCapacity">The share of it that is free, in [0, 1].</param>
/// <param name="Reliability">The share of attempts that it is expected to finish, in [0, 1].</param>
internal sealed record ScheduledNodeStats(
    [property: JsonPropertyName("node")] string Node,
    [property: JsonPropertyName("standing")] string Standing,
    [property: JsonPropertyName("assigned")] int Assigned,
    [property: JsonPropertyName("limit")] int Limit,
    [property: JsonPropertyName("weight")] double Weight,
    [property: JsonPropertyName("free_capacity")] double FreeCapacity,
    [property: JsonPropertyName("reliability")] double Reliability);
