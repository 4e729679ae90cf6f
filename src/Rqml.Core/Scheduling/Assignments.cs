using Rqml.Cluster;
using Rqml.Hosting;
using Rqml.Messaging;
using Rqml.Nodes;

namespace Rqml.Scheduling;

/// <summary>
/// Which node has which task, and under which epoch: gives out, agrees to what a node holds already, and takes back. Apart from the machine, which decides when; whatever is decided, a task
/// is at one node or it waits, and this is where that is kept.
/// </summary>
internal sealed class Assignments(Peer self, NodePool pool, IReadOnlyDictionary<TaskId, ScheduledTask> tasks, WaitingTasks waiting, Recalls recalls, HandOvers handOvers)
{
    private const long ConfirmAfterMs = 2_000;

    private Term _term;

    /// <summary>Epochs given out in this term.</summary>
    public long Number { get; private set; }

    public void Begin(Term term) => _term = term;

    public void Clear() => Number = 0;

    public void Give(ScheduledTask task, ScheduledNode node, long nowMs, EffectBuffer<SchedulerEffect> effects)
    {
        task.Node = node;
        task.Epoch = new Epoch(_term.Generation, _term.Number, ++Number);
        task.Adopted = false;
        task.AssignedMs = nowMs;
        node.Assigned.Add(task.Spec.Id);
        if (task.Spec.PartitionKey is { } key) pool.KeyRanAt(key, node.Peer.Node);
        NodePool.Weigh(node, nowMs);
        handOvers.Arrive(task.Spec.Id, node.Peer.Node, _term, nowMs, effects);
        Send(task, node, nowMs, effects);
    }

    /// <summary>The node holds the task, under an epoch that somebody gave out: so be it.</summary>
    public void Adopt(ScheduledTask task, ScheduledNode node, HeldAttempt held, long nowMs, EffectBuffer<SchedulerEffect> effects)
    {
        var epoch = held.Attempt.Epoch;
        recalls.Forget(task);
        waiting.Remove(task.Spec.Id);
        if (task.Spec.PartitionKey is { } key && !waiting.Hold(key, task.Spec.Id))
        {
            waiting.Enqueue(task);      // another task of the key is out: one of the two is settled, and we are about to hear which
            return;
        }

        task.Node = node;
        task.Epoch = epoch;
        task.Adopted = true;
        task.Suspicion = Suspicion.Graver(task.Suspicion, held.Suspicion);
        task.AssignedMs = nowMs;
        node.Assigned.Add(task.Spec.Id);
        if (new Term(epoch.Generation, epoch.Term) == _term) Number = Math.Max(Number, epoch.Number);
        handOvers.Arrive(task.Spec.Id, node.Peer.Node, _term, nowMs, effects);
        Send(task, node, nowMs, effects);
    }

    /// <summary>Compares what the node holds with what it was given.</summary>
    public void Reconcile(ScheduledNode node, NodeReport report, long nowMs, EffectBuffer<SchedulerEffect> effects)
    {
        var held = new HashSet<TaskId>(report.Held.Count);
        foreach (var entry in report.Held)
        {
            held.Add(entry.Attempt.Task);
            Reconcile(node, entry, nowMs, effects);
        }

        ReleaseUnknown(node, held);
        pool.ForgetHeld(node, held);
        foreach (var id in node.Assigned)
        {
            var task = tasks[id];
            if (held.Contains(id) || task.AssignedMs + ConfirmAfterMs > nowMs) continue;
            task.AssignedMs = nowMs;
            Send(task, node, nowMs, effects);      // lost on the way, or finished: the node answers which
        }
    }

    /// <summary>The node has it no longer, and nobody else has it yet: it waits.</summary>
    public void TakeBack(ScheduledTask task, long nowMs)
    {
        if (task.Node is { } node) Withdraw(task, node, nowMs);
        task.Inquired = false;
        task.MayHaveLeft = true;
        waiting.Enqueue(task);
    }

    /// <summary>The ledger has the task settled, by that attempt.</summary>
    public void Settle(ScheduledTask task, Epoch settled, long nowMs, EffectBuffer<SchedulerEffect> effects)
    {
        var id = task.Spec.Id;
        if (task.Node is { } node)
        {
            node.Assigned.Remove(id);
            if (settled == task.Epoch) node.Reliability = node.Reliability.Finished(nowMs);
            else Revoke(node, id, task.Epoch, effects);      // it was cancelled, or another attempt was quicker: the node may still work on it
            waiting.Weigh(node, nowMs);
        }
        else
        {
            waiting.Remove(id);
        }

        if (task.Spec.PartitionKey is { } key) waiting.Release(key, id);
    }

    /// <summary>What no ledger has announced here, and the node holds no longer, leaves its key to others.</summary>
    public void ReleaseUnknown(ScheduledNode node, HashSet<TaskId> still)
    {
        foreach (var id in node.Held)
        {
            if (still.Contains(id) || tasks.ContainsKey(id) || pool.HolderOf(id) is not { } holding || holding.Node != node) continue;
            if (holding.Held.PartitionKey is { } key) waiting.Release(key, id);
        }
    }

    private void Reconcile(ScheduledNode node, HeldAttempt entry, long nowMs, EffectBuffer<SchedulerEffect> effects)
    {
        var id = entry.Attempt.Task;
        pool.Remember(node, entry);
        if (!tasks.TryGetValue(id, out var task))
        {
            // Its ledger will announce it, or has settled it. Until we know, no other task of its key may go.
            if (entry.PartitionKey is { } key) waiting.Hold(key, id);
            return;
        }

        if (task.Node == node && task.Epoch == entry.Attempt.Epoch)
        {
            task.Checkpoint = null;      // it has come to where the node has it
            if (entry.AwaitsAdoption) Send(task, node, nowMs, effects);      // our agreement was lost on the way
            return;
        }

        if (task.Node is { } holder && task.Epoch < entry.Attempt.Epoch)
        {
            // Two starts of one node, or two nodes, hold the task: the later attempt is the one that was last agreed on.
            Revoke(holder, id, task.Epoch, effects);
            Withdraw(task, holder, nowMs);
        }

        if (task.Node is null) Adopt(task, node, entry, nowMs, effects);
        else Revoke(node, id, entry.Attempt.Epoch, effects);
    }

    private void Withdraw(ScheduledTask task, ScheduledNode node, long nowMs)
    {
        task.Node = null;
        node.Assigned.Remove(task.Spec.Id);
        waiting.Weigh(node, nowMs);
    }

    private void Revoke(ScheduledNode node, TaskId task, Epoch epoch, EffectBuffer<SchedulerEffect> effects) =>
        effects.Add(SchedulerEffect.Send(node.Peer, new Message(MessageKind.Revoke, self, task, epoch)));

    private void Send(ScheduledTask task, ScheduledNode node, long nowMs, EffectBuffer<SchedulerEffect> effects)
    {
        var remainingMs = task.Spec.DeadlineMs == long.MaxValue ? long.MaxValue : Math.Max(0, task.Spec.DeadlineMs - nowMs);
        var assignment = new Assignment(task.Spec, task.Ledger, node.Peer.Incarnation, remainingMs, task.Watched)
        {
            Term = _term,
            Adopted = task.Adopted,
            Suspicion = task.Suspicion,
            Difficulty = waiting.DifficultyOf(task.Spec),
            Checkpoint = task.Checkpoint,
        };
        effects.Add(SchedulerEffect.Send(node.Peer, new Message(MessageKind.Assign, self, task.Spec.Id, task.Epoch, Body: assignment)));
    }
}
