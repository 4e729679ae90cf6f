using Rqml.Cluster;
using Rqml.Hosting;
using Rqml.Messaging;

namespace Rqml.Scheduling;

/// <summary>
/// Tasks that are not given out for a moment, as somebody else may say how far they have come: decides which are looked for in the coordination store, how long that may take, and which
/// copies there belong to nobody. Apart from the queue, as what is looked for has no turn.
/// </summary>
internal sealed class Recalls(Peer self, NodePool pool, IReadOnlyDictionary<TaskId, ScheduledTask> tasks, WaitingTasks waiting, bool findsCheckpoints)
{
    private const long TimeoutMs = 2_000;
    private const int Most = 1_024;
    private const long ListCopiesEveryMs = 300_000;

    private readonly HashSet<ScheduledTask> _awaited = [];
    private readonly List<TaskId> _wanted = [];      // that the store is to be asked for
    private HashSet<TaskId> _strays = [];             // copies of tasks that nobody knew when they were listed last
    private long _listCopiesDueMs;

    public bool HasRoom => _awaited.Count < Most;

    /// <summary>A term begins.</summary>
    public void Begin(long nowMs) => _listCopiesDueMs = nowMs + ListCopiesEveryMs;

    public void Clear()
    {
        _awaited.Clear();
        _wanted.Clear();
        _strays.Clear();
    }

    /// <summary>The node of its ledger's process took it while nobody led, and says so with its next report: given out before, it would run twice. As with copies of checkpoints, it waits no longer than a moment.</summary>
    public void AwaitReport(ScheduledTask task, long nowMs)
    {
        task.RecallMs = nowMs;
        _awaited.Add(task);
    }

    /// <summary>Its node is lost, or another leader had it: before it is given out, the store says how far it has come. False where there is nothing to look for.</summary>
    public bool TryLookFor(ScheduledTask task, long nowMs)
    {
        if (!findsCheckpoints || !task.MayHaveLeft) return false;
        task.MayHaveLeft = false;
        task.RecallMs = nowMs;
        _awaited.Add(task);
        _wanted.Add(task.Spec.Id);
        return true;
    }

    /// <summary>Asks the store for all that is wanted of it, together.</summary>
    public void Ask(EffectBuffer<SchedulerEffect> effects)
    {
        if (_wanted.Count == 0) return;
        effects.Add(SchedulerEffect.Recall(self, [.. _wanted]));
        _wanted.Clear();
    }

    /// <summary>The store has answered, or it has taken too long: the task has its turn.</summary>
    public void End(ScheduledTask? task, byte[]? checkpoint)
    {
        if (task is null || !Forget(task)) return;
        task.Checkpoint = checkpoint;

        // Nobody was given it in this term. An earlier one of its key may have been announced meanwhile, and goes first.
        if (task is { Epoch.Number: 0, Spec.PartitionKey: { } key }) waiting.Release(key, task.Spec.Id);
        waiting.Enqueue(task);
    }

    /// <summary>A node has it, or it is settled: it is awaited no longer. False where it was not.</summary>
    public bool Forget(ScheduledTask task)
    {
        task.RecallMs = null;
        return _awaited.Remove(task);
    }

    /// <summary>Gives up what takes too long, and now and then asks what the store holds.</summary>
    public void Sweep(long nowMs, EffectBuffer<SchedulerEffect> effects)
    {
        foreach (var task in _awaited.Where(task => task.RecallMs + TimeoutMs <= nowMs).ToArray()) End(task, null);
        if (!findsCheckpoints || _listCopiesDueMs > nowMs) return;
        _listCopiesDueMs = nowMs + ListCopiesEveryMs;
        effects.Add(SchedulerEffect.ListCopies(self));
    }

    /// <summary>A copy whose task neither a ledger nor a node has spoken of from one list to the next belongs to nobody: it was settled while the node that had it was dead.</summary>
    public void RemoveStrays(IReadOnlyList<TaskId> copied, Term term, EffectBuffer<SchedulerEffect> effects)
    {
        var unknown = copied.Where(id => !tasks.ContainsKey(id) && pool.HolderOf(id) is null).ToHashSet();
        var strays = unknown.Where(_strays.Contains).ToArray();
        _strays = unknown;
        if (strays.Length > 0) effects.Add(SchedulerEffect.RemoveCopies(self, strays, term));
    }
}
