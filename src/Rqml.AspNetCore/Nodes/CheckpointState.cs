using System.Text.Json.Serialization;

namespace Rqml.AspNetCore.Nodes;

/// <summary>What <c>/checkpoint_state</c> says: from where the unfinished tasks of this node would go on.</summary>
/// <param name="Node">Name of the node.</param>
/// <param name="IsDurable">Whether it has a store; without one there are no checkpoints.</param>
/// <param name="Damaged">Checkpoints that were found torn or tampered with since the store was opened.</param>
/// <param name="Held">Unfinished tasks that the node holds.</param>
/// <param name="Tasks">A page of them, in the order of submission.</param>
/// <param name="Next">What to give as <c>after</c> for the next page; null on the last one.</param>
internal sealed record CheckpointState(
    [property: JsonPropertyName("node")] string Node,
    [property: JsonPropertyName("is_durable")] bool IsDurable,
    [property: JsonPropertyName("damaged")] long Damaged,
    [property: JsonPropertyName("held")] int Held,
    [property: JsonPropertyName("tasks")] IReadOnlyList<TaskCheckpoints> Tasks,
    [property: JsonPropertyName("next")] string? Next);

/// <summary>The checkpoints of one task.</summary>
/// <param name="Task">Id of the task.</param>
/// <param name="Checkpoints">How many there are.</param>
/// <param name="Latest">The newest; null before the first is written.</param>
internal sealed record TaskCheckpoints(
    [property: JsonPropertyName("task")] string Task,
    [property: JsonPropertyName("checkpoints")] int Checkpoints,
    [property: JsonPropertyName("latest")] CheckpointSummary? Latest);

/// <summary>One checkpoint.</summary>
/// <param name="Epoch">Epoch of the attempt that wrote it.</param>
/// <param name="Iteration">Iterations done.</param>
/// <param name="Model">Name of the model that works next.</param>
/// <param name="Tier">The highest tier that has worked.</param>
/// <param name="Sha256">Its hash, over all that came before.</param>
internal sealed record CheckpointSummary(
    [property: JsonPropertyName("epoch")] string Epoch,
    [property: JsonPropertyName("iteration")] int Iteration,
    [property: JsonPropertyName("model")] string Model,
    [property: JsonPropertyName("tier")] int Tier,
    [property: JsonPropertyName("sha256")] string Sha256);
