using Rqml.Cluster;
using Rqml.Hosting;
using Rqml.Messaging;

namespace Rqml.Scheduling;

/// <summary>
/// Where the tasks of fenced nodes have come to: decides when a hand-over is over, and an operator hears of it. Apart from the assignments, which need none of it.
/// </summary>
internal sealed class HandOvers
{
    private readonly Dictionary<TaskId, HandOver> _moving = [];      // taken from a node that was fenced, and at no other yet

    public void Clear() => _moving.Clear();

    /// <summary>The node is fenced: each of these tasks is to come to another.</summary>
    public void Begin(Peer fenced, TaskId[] tasks, long nowMs)
    {
        var handOver = new HandOver(fenced, tasks.Length, nowMs);
        foreach (var id in tasks) _moving[id] = handOver;
    }

    /// <summary>A node has the task; where it was taken from another one, that one's operator may be waiting to hear it.</summary>
    public void Arrive(TaskId task, NodeId node, Term term, long nowMs, EffectBuffer<SchedulerEffect> effects)
    {
        if (_moving.Count > 0 && _moving.Remove(task, out var handOver) && handOver.Take(node)) Tell(handOver, term, nowMs, effects);
    }

    /// <summary>The task is settled, wherever it was.</summary>
    public void Settle(TaskId task, Term term, long nowMs, EffectBuffer<SchedulerEffect> effects)
    {
        if (_moving.Count > 0 && _moving.Remove(task, out var handOver) && handOver.Settle()) Tell(handOver, term, nowMs, effects);
    }

    private static void Tell(HandOver handOver, Term term, long nowMs, EffectBuffer<SchedulerEffect> effects) =>
        effects.Add(SchedulerEffect.Tell(SchedulerNews.HandedOver, handOver.From, term, nowMs - handOver.BeganMs, handOver));
}
