using Rqml.Cluster;
using Rqml.Hosting;
using Rqml.Messaging;
using Rqml.Supervision.Votes;

namespace Rqml.Scheduling;

/// <summary>
/// Gives nodes up: decides whose fence goes to the store, which task may be to blame, and what goes elsewhere, once the fence is there or while no store answers. Apart from the machine, as
/// this alone takes work from a node that has not given it back.
/// </summary>
internal sealed class Fencing(Peer self, NodePool pool, IReadOnlyDictionary<TaskId, ScheduledTask> tasks, Assignments assignments, HandOvers handOvers, VoteTable votes)
{
    private Term _term;
    private bool _isStoreLost;

    /// <summary>Tasks taken from a node that had died.</summary>
    public long Moved { get; private set; }

    public void Begin(Term term) => _term = term;

    public void Fence(ScheduledNode node, FenceReason reason, long nowMs, EffectBuffer<SchedulerEffect> effects)
    {
        if (node.Standing == NodeStanding.Fencing) return;
        node.Standing = NodeStanding.Fencing;
        NodePool.Weigh(node, 0);
        effects.Add(SchedulerEffect.Tell(SchedulerNews.GivenUp, node.Peer, _term, node.Assigned.Count, reason));
        effects.Add(SchedulerEffect.Fence(node.Peer, _term));
        if (_isStoreLost) HandOverUnfenced(node, nowMs, effects);
    }

    public void LoseStore(long nowMs, EffectBuffer<SchedulerEffect> effects)
    {
        _isStoreLost = true;
        foreach (var node in pool.Nodes.ToArray())
        {
            if (node.Standing == NodeStanding.Fencing) HandOverUnfenced(node, nowMs, effects);
        }
    }

    public void FindStore() => _isStoreLost = false;

    /// <summary>The fence is in the store: whatever that start of the node still does is refused, so its work may go elsewhere. False where the node is a member still.</summary>
    public bool HandOver(Peer fenced, long nowMs, EffectBuffer<SchedulerEffect> effects)
    {
        if (pool.Find(fenced) is not { } node) return false;
        foreach (var id in node.Assigned) Blame(node, id, nowMs);

        assignments.ReleaseUnknown(node, []);
        pool.Remove(node);
        votes.Excuse(node.Peer.Node, nowMs, effects);
        if (node.Earlier is { } earlier)
        {
            // It went before it was registered: the start before it is still a member, and nothing of what that one may hold is anybody's yet.
            Fence(pool.Add(earlier, nowMs), FenceReason.Restarted, nowMs, effects);
            return false;
        }

        effects.Add(SchedulerEffect.Tell(SchedulerNews.Fenced, fenced, _term, node.Assigned.Count));
        var assigned = node.Assigned.ToArray();
        Moved += assigned.Length;
        handOvers.Begin(fenced, assigned, nowMs);
        foreach (var id in assigned) assignments.TakeBack(tasks[id], nowMs);
        return true;
    }

    /// <summary>A node that is fenced and lives: it comes back as a new start of itself. False where an earlier start of it is a member still.</summary>
    public bool TurnAway(Peer fenced, long nowMs, EffectBuffer<SchedulerEffect> effects)
    {
        effects.Add(SchedulerEffect.Tell(SchedulerNews.TurnedAway, fenced, _term, 0));
        var isGone = HandOver(fenced, nowMs, effects);
        effects.Add(SchedulerEffect.Send(fenced, new Message(MessageKind.Fenced, self, Epoch: new Epoch(_term.Generation, _term.Number, 0), Number: (long)fenced.Incarnation.Value)));
        return isGone;
    }

    /// <summary>
    /// The store does not answer, so nobody is fenced. What has no partition key goes elsewhere all the same: run twice it is wasted work, as the first result settles it. What has one waits
    /// for the fence, and the node stays given up until it is there.
    /// </summary>
    private void HandOverUnfenced(ScheduledNode node, long nowMs, EffectBuffer<SchedulerEffect> effects)
    {
        var free = node.Assigned.Where(id => tasks[id].Spec.PartitionKey is null).ToArray();
        if (free.Length == 0) return;
        effects.Add(SchedulerEffect.Tell(SchedulerNews.HandedOverUnfenced, node.Peer, _term, free.Length, node.Assigned.Count - free.Length));
        Moved += free.Length;
        foreach (var id in free)
        {
            Blame(node, id, nowMs);
            pool.Forget(node, id);
            assignments.TakeBack(tasks[id], nowMs);
        }
    }

    /// <summary>The node is lost, perhaps to one of its tasks.</summary>
    private void Blame(ScheduledNode node, TaskId id, long nowMs)
    {
        node.Reliability = node.Reliability.Failed(nowMs);
        if (node.Draining) return;      // it was leaving: that it has gone is nobody's fault
        var suspect = tasks[id];
        suspect.Suspicion = suspect.Suspicion.After(pool.HolderOf(id)?.Held.Iteration ?? 0);
    }
}
