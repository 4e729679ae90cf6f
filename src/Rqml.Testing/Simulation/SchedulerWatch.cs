using Rqml.Cluster;
using Rqml.Hosting;
using Rqml.Messaging;
using Rqml.Scheduling;
using Rqml.Testing.Simulation.Supervised;

namespace Rqml.Testing.Simulation;

/// <summary>Tells the judge what a scheduler hears and decides, at the moment when it does: what it sends may wait for a link, and be of yesterday when it leaves.</summary>
internal sealed class SchedulerWatch(IMachine<SchedulerEvent, SchedulerEffect> machine, Judge judge, BallotCount count, string endpoint) : IMachine<SchedulerEvent, SchedulerEffect>
{
    private Term _term;

    public long NextDueMs => machine.NextDueMs;

    public void Step(in SchedulerEvent @event, long nowMs, EffectBuffer<SchedulerEffect> effects)
    {
        switch (@event.Kind)
        {
            case SchedulerEventKind.Elected:
                _term = @event.Term;
                judge.Assignments.Began(_term);
                break;
            case SchedulerEventKind.Deposed:
                _term = Term.None;
                break;
            case SchedulerEventKind.Message when _term != Term.None:
                judge.Assignments.Heard(_term, @event.Message);
                break;
            case SchedulerEventKind.Fenced or SchedulerEventKind.RefusedAsFenced:
                judge.Assignments.HeardOfFence(@event.Term, @event.Peer!.Incarnation);
                break;
        }

        count.Hears(@event);
        var before = effects.Count;
        machine.Step(@event, nowMs, effects);
        Tell(effects.Effects[before..], nowMs);
    }

    public void Tick(long nowMs, EffectBuffer<SchedulerEffect> effects)
    {
        var before = effects.Count;
        machine.Tick(nowMs, effects);
        Tell(effects.Effects[before..], nowMs);
    }

    private void Tell(ReadOnlySpan<SchedulerEffect> effects, long nowMs)
    {
        foreach (ref readonly var effect in effects)
        {
            if (effect.Kind == SchedulerEffectKind.Fence) judge.Fences(effect.To);
            if (effect is { Kind: SchedulerEffectKind.Tell, News: SchedulerNews.HandedOverUnfenced }) judge.Assignments.GaveUpUnfenced(_term, endpoint, effect.To);
            if (effect.Kind != SchedulerEffectKind.Send) continue;
            if (effect.Message.Kind == MessageKind.Assign)
            {
                judge.Assigned(effect.Message);
                judge.Assignments.Decided(effect.To, effect.Message);
            }
            else count.Told(effect.To, effect.Message, nowMs);
        }
    }
}
