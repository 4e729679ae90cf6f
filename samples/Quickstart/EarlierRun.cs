using Rqml;

namespace Quickstart;

/// <summary>What an earlier run of this program left in the store.</summary>
/// <param name="Open">Tasks that go on by themselves, from their checkpoints.</param>
/// <param name="Stranger">Key of a task that is not of this run; null where there is none.</param>
public sealed record EarlierRun(IReadOnlySet<TaskId> Open, string? Stranger)
{
    /// <param name="rqml">Asked for all tasks of the class.</param>
    /// <param name="keys">The idempotency keys of this run.</param>
    public static async Task<EarlierRun> FindAsync(IRqmlClient rqml, IReadOnlyCollection<string> keys)
    {
        ArgumentNullException.ThrowIfNull(rqml);
        ArgumentNullException.ThrowIfNull(keys);
        var open = new HashSet<TaskId>();
        await foreach (var task in rqml.ListAsync(new TaskFilter { Class = LearnDigits.Class.Name }))
        {
            if (task.IdempotencyKey is not { } key || !keys.Contains(key)) return new EarlierRun(open, task.IdempotencyKey ?? task.Id.ToString());
            if (task.State != RefinementState.Settled) open.Add(task.Id);
        }

        return new EarlierRun(open, null);
    }
}
