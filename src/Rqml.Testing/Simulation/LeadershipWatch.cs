using Rqml.Cluster;
using Rqml.Hosting;

namespace Rqml.Testing.Simulation;

/// <summary>Tells the judge when a process had an answer from the coordination store: without one for long it may do what it otherwise may not.</summary>
internal sealed class LeadershipWatch(IMachine<LeadershipEvent, LeadershipEffect> machine, Judge judge, string endpoint) : IMachine<LeadershipEvent, LeadershipEffect>
{
    public long NextDueMs => machine.NextDueMs;

    public void Step(in LeadershipEvent @event, long nowMs, EffectBuffer<LeadershipEffect> effects)
    {
        if (@event.Kind is LeadershipEventKind.LeaseGranted or LeadershipEventKind.LeaseRenewed or LeadershipEventKind.LeaseGone or LeadershipEventKind.Snapshot or LeadershipEventKind.Committed or LeadershipEventKind.Refused)
        {
            judge.Assignments.StoreAnswered(endpoint);
        }

        machine.Step(@event, nowMs, effects);
    }

    public void Tick(long nowMs, EffectBuffer<LeadershipEffect> effects) => machine.Tick(nowMs, effects);
}
