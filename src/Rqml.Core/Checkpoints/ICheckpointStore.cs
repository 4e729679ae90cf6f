namespace Rqml.Checkpoints;

/// <summary>The checkpoints in a node's store, for inspection. Workers write them through the checkpoint writer, which they never wait for. Thread-safe.</summary>
public interface ICheckpointStore
{
    /// <summary>The checkpoints of an unfinished task, oldest first, each with its decisions; of all but the newest three the state is gone. Damaged ones are left out and counted.</summary>
    /// <exception cref="Storage.StoreCorruptException">The store itself cannot be read.</exception>
    IReadOnlyList<TaskCheckpoint> Read(TaskId task);

    /// <summary>Checkpoints that were found torn or tampered with since the store was opened.</summary>
    long Damaged { get; }
}
