using Rqml.Cluster;
using Rqml.Hosting;
using Rqml.Nodes;
using Rqml.Scheduling;

namespace Rqml.Core.Tests.Scheduling;

/// <summary>A rule of keys, fences and commands, broken on purpose.</summary>
public enum KeyMutant
{
    None,

    /// <summary>A new leader assigns before the nodes have reported what they hold.</summary>
    ActivateBeforeReports,

    /// <summary>What a node held is handed over before its fence is in the store.</summary>
    FenceSkipped,

    /// <summary>A leader registers nodes without comparing its term.</summary>
    JoinWithoutTerm,

    /// <summary>A node obeys what was addressed to an earlier start of it.</summary>
    AssignWithoutIncarnation,

    /// <summary>The first leader of a later generation takes it that nothing runs: the store was restored, and its nodes may hold what it knows nothing of.</summary>
    RaiseBeginsAnew,
}

/// <summary>Bends what the shipped machines hear and decide.</summary>
internal static class KeyMutants
{
    public static IMachine<SchedulerEvent, SchedulerEffect> Bend(this KeyMutant mutant, SchedulerMachine scheduler) =>
        mutant is KeyMutant.ActivateBeforeReports or KeyMutant.FenceSkipped or KeyMutant.RaiseBeginsAnew ? new BentScheduler(scheduler, mutant) : scheduler;

    public static IMachine<NodeEvent, NodeEffect> Bend(this KeyMutant mutant, NodeMachine node) => mutant == KeyMutant.AssignWithoutIncarnation ? new BentNode(node) : node;

    public static CoordinationTransaction Bend(this KeyMutant mutant, CoordinationKeys keys, CoordinationTransaction transaction) =>
        mutant == KeyMutant.JoinWithoutTerm && keys.IsNode(transaction.Changes[0].Key) ? transaction with { Compares = [.. transaction.Compares.Where(compare => compare is Compare.Absent)] } : transaction;

    private sealed class BentScheduler(SchedulerMachine scheduler, KeyMutant mutant) : IMachine<SchedulerEvent, SchedulerEffect>
    {
        private readonly EffectBuffer<SchedulerEffect> _made = new();

        public long NextDueMs => scheduler.NextDueMs;

        public void Step(in SchedulerEvent @event, long nowMs, EffectBuffer<SchedulerEffect> effects)
        {
            var isElection = @event.Kind == SchedulerEventKind.Elected && (mutant == KeyMutant.ActivateBeforeReports || (mutant == KeyMutant.RaiseBeginsAnew && @event.Term.Generation > 1));
            scheduler.Step(isElection ? SchedulerEvent.Elected(@event.Term, []) : @event, nowMs, _made);
            PassOn(nowMs, effects);
        }

        public void Tick(long nowMs, EffectBuffer<SchedulerEffect> effects)
        {
            scheduler.Tick(nowMs, _made);
            PassOn(nowMs, effects);
        }

        private void PassOn(long nowMs, EffectBuffer<SchedulerEffect> effects)
        {
            while (_made.Count > 0)
            {
                var made = _made.Effects.ToArray();
                _made.Clear();
                foreach (var effect in made)
                {
                    if (mutant == KeyMutant.FenceSkipped && effect.Kind == SchedulerEffectKind.Fence) scheduler.Step(SchedulerEvent.Fenced(effect.To, effect.Term), nowMs, _made);
                    else effects.Add(effect);
                }
            }
        }
    }

    private sealed class BentNode(NodeMachine node) : IMachine<NodeEvent, NodeEffect>
    {
        public long NextDueMs => node.NextDueMs;

        public void Step(in NodeEvent @event, long nowMs, EffectBuffer<NodeEffect> effects) =>
            node.Step(@event is { Kind: NodeEventKind.Message, Message.Body: Messaging.Assignment assignment } ? NodeEvent.Of(@event.Message with { Body = assignment with { To = node.Self.Incarnation } }) : @event, nowMs, effects);

        public void Tick(long nowMs, EffectBuffer<NodeEffect> effects) => node.Tick(nowMs, effects);
    }
}
