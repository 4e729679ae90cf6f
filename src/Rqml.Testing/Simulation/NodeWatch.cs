using Rqml.Hosting;
using Rqml.Nodes;

namespace Rqml.Testing.Simulation;

/// <summary>Tells the judge which starts a process has called itself, as a node that hears of its fence comes back as another; and whether it takes anything new.</summary>
internal sealed class NodeWatch(IMachine<NodeEvent, NodeEffect> machine, Judge judge, SimulatedProcess process) : IMachine<NodeEvent, NodeEffect>
{
    public long NextDueMs => machine.NextDueMs;

    public void Step(in NodeEvent @event, long nowMs, EffectBuffer<NodeEffect> effects)
    {
        var before = effects.Count;
        machine.Step(@event, nowMs, effects);
        foreach (ref readonly var effect in effects.Effects[before..])
        {
            if (effect is { Kind: NodeEffectKind.WriteAttempt, Stored: { } stored }) judge.Drains.Takes(process, stored.Attempt);
        }

        Tell(effects.Effects[before..]);
    }

    public void Tick(long nowMs, EffectBuffer<NodeEffect> effects)
    {
        var before = effects.Count;
        machine.Tick(nowMs, effects);
        Tell(effects.Effects[before..]);
    }

    private void Tell(ReadOnlySpan<NodeEffect> effects)
    {
        foreach (ref readonly var effect in effects)
        {
            if (effect.Kind != NodeEffectKind.Send) continue;
            judge.CalledItself(process, effect.Message.From.Incarnation);
            if (effect.Message.Body is NodeReport report) judge.Drains.Said(process, effect.Message.From.Node, report);
        }
    }
}
