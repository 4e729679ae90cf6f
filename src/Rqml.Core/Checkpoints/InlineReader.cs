using Rqml.Cluster;

namespace Rqml.Checkpoints;

/// <summary>What nodes have copied into the coordination store of their tasks, for the scheduler: reads what a lost node left behind, and removes what belongs to nobody. Thread-safe.</summary>
internal sealed class InlineReader(ICoordinationStore store, CoordinationKeys keys) : IAsyncDisposable
{
    /// <summary>For more tasks than this all copies are read at once.</summary>
    private const int MostSingly = 32;

    private readonly CancellationTokenSource _stop = new();
    private readonly List<Task> _calls = [];      // of the loop alone

    /// <summary>Finds the copies of some tasks: as many as there are, none where the store does not answer.</summary>
    /// <param name="tasks">Whose copies are looked for.</param>
    /// <param name="found">Called once, from any thread.</param>
    public void Recall(IReadOnlyList<TaskId> tasks, Action<IReadOnlyDictionary<TaskId, byte[]>> found) => Call(RecallAsync(tasks, found));

    /// <summary>Lists the tasks of which there are copies; nothing is called where the store does not answer.</summary>
    public void List(Action<IReadOnlyList<TaskId>> found) => Call(ListAsync(found));

    /// <summary>Removes the copies of these tasks, if whoever asks still leads.</summary>
    public void Remove(IReadOnlyList<TaskId> tasks, Term term) => Call(RemoveAsync(tasks, term));

    /// <summary>Waits for what is on its way to the store. The loop has stopped.</summary>
    public async ValueTask DisposeAsync()
    {
        _stop.Cancel();
        await Task.WhenAll(_calls);
        _stop.Dispose();
    }

    private void Call(Task call)
    {
        _calls.RemoveAll(static earlier => earlier.IsCompleted);
        _calls.Add(call);
    }

    private async Task RecallAsync(IReadOnlyList<TaskId> tasks, Action<IReadOnlyDictionary<TaskId, byte[]>> found)
    {
        var copies = new Dictionary<TaskId, byte[]>();
        try
        {
            if (tasks.Count > MostSingly)
            {
                Take(await store.ReadAsync(keys.Checkpoints, _stop.Token), [.. tasks], copies);
            }
            else
            {
                var reads = tasks.Select(task => store.ReadAsync(keys.Checkpoint(task), _stop.Token).AsTask());
                foreach (var snapshot in await Task.WhenAll(reads)) Take(snapshot, [.. tasks], copies);
            }
        }
        catch (Exception error) when (IsUnavailable(error))
        {
            // They begin anew then: that costs iterations, never a task.
        }

        found(copies);
    }

    private async Task ListAsync(Action<IReadOnlyList<TaskId>> found)
    {
        try
        {
            var snapshot = await store.ReadAsync(keys.Checkpoints, _stop.Token);
            found([.. snapshot.Entries.Select(entry => keys.TaskOf(entry.Key)).OfType<TaskId>()]);
        }
        catch (Exception error) when (IsUnavailable(error))
        {
            // Another time.
        }
    }

    private async Task RemoveAsync(IReadOnlyList<TaskId> tasks, Term term)
    {
        try
        {
            foreach (var some in tasks.Chunk(CoordinationTransaction.MaxChanges))
            {
                await store.CommitAsync(new CoordinationTransaction([new Compare.ModifiedAt(keys.Leader, term.Number)], [.. some.Select(task => new Change.Delete(keys.Checkpoint(task)))]), _stop.Token);
            }
        }
        catch (Exception error) when (IsUnavailable(error))
        {
            // Found again with the next list.
        }
    }

    private void Take(CoordinationSnapshot snapshot, HashSet<TaskId> wanted, Dictionary<TaskId, byte[]> copies)
    {
        foreach (var entry in snapshot.Entries)
        {
            if (keys.TaskOf(entry.Key) is { } task && wanted.Contains(task) && entry.Value.Length <= InlineCheckpoint.MaxBytes) copies[task] = entry.Value.ToArray();
        }
    }

    private static bool IsUnavailable(Exception error) => error is CoordinationUnavailableException or OperationCanceledException or ObjectDisposedException;
}
