using Rqml.Supervision;

namespace Rqml.Checkpoints;

/// <summary>One checkpoint of a task (R3.1), as it was persisted. Immutable.</summary>
/// <param name="Task">The task.</param>
/// <param name="Epoch">Epoch of the attempt that wrote it.</param>
/// <param name="Iteration">Iterations done.</param>
/// <param name="Model">Name of the model that works next.</param>
/// <param name="Tier">The highest tier that has worked.</param>
/// <param name="Artifacts">SHA-256 of each artifact that it names: the current one first, then the best where that is another, then those that novelty compares with. Empty where the state is no longer kept.</param>
/// <param name="Decisions">Supervision's decisions since the checkpoint before.</param>
/// <param name="Hash">SHA-256 over format, epoch, the hash before, decisions, and the hash of the state.</param>
public sealed record TaskCheckpoint(
    TaskId Task, Epoch Epoch, int Iteration, string Model, int Tier,
    IReadOnlyList<ReadOnlyMemory<byte>> Artifacts, IReadOnlyList<DecisionRecord> Decisions, ReadOnlyMemory<byte> Hash);
