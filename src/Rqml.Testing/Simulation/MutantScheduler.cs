using Rqml.Hosting;
using Rqml.Scheduling;

namespace Rqml.Testing.Simulation;

/// <summary>A scheduler with one rule broken.</summary>
internal sealed class MutantScheduler(SchedulerMachine scheduler, Mutant mutant) : IMachine<SchedulerEvent, SchedulerEffect>
{
    private readonly EffectBuffer<SchedulerEffect> _made = new();

    public long NextDueMs => scheduler.NextDueMs;

    public void Step(in SchedulerEvent @event, long nowMs, EffectBuffer<SchedulerEffect> effects)
    {
        scheduler.Step(Bend(@event), nowMs, _made);
        PassOn(nowMs, effects);
    }

    public void Tick(long nowMs, EffectBuffer<SchedulerEffect> effects)
    {
        scheduler.Tick(nowMs, _made);
        PassOn(nowMs, effects);
    }

    private SchedulerEvent Bend(in SchedulerEvent @event) => (mutant, @event.Kind) switch
    {
        (Mutant.ActivateBeforeReports, SchedulerEventKind.Elected) => SchedulerEvent.Elected(@event.Term, []),
        (Mutant.LateReportOfFencedObeyed, SchedulerEventKind.RefusedAsFenced) => SchedulerEvent.Registered(@event.Peer!, @event.Term),
        _ => @event,
    };

    private void PassOn(long nowMs, EffectBuffer<SchedulerEffect> effects)
    {
        while (_made.Count > 0)
        {
            var made = _made.Effects.ToArray();
            _made.Clear();
            foreach (var effect in made)
            {
                if (mutant == Mutant.FenceSkipped && effect.Kind == SchedulerEffectKind.Fence) scheduler.Step(SchedulerEvent.Fenced(effect.To, effect.Term), nowMs, _made);
                else effects.Add(effect);
            }
        }
    }
}
