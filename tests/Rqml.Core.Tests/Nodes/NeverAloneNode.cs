using Rqml.Hosting;
using Rqml.Messaging;
using Rqml.Nodes;

namespace Rqml.Core.Tests.Nodes;

/// <summary>A node with one rule broken: however often it died of an attempt, that never runs alone.</summary>
internal sealed class NeverAloneNode(IMachine<NodeEvent, NodeEffect> node) : IMachine<NodeEvent, NodeEffect>
{
    private readonly EffectBuffer<NodeEffect> _made = new();

    public long NextDueMs => node.NextDueMs;

    public void Step(in NodeEvent @event, long nowMs, EffectBuffer<NodeEffect> effects)
    {
        var bent = @event;
        if (@event.Kind == NodeEventKind.Message && @event.Message.Body is Assignment assignment) bent = NodeEvent.Of(@event.Message with { Body = assignment with { Suspicion = Harmless(assignment.Suspicion) } });
        node.Step(bent, nowMs, _made);
        PassOn(effects);
    }

    public void Tick(long nowMs, EffectBuffer<NodeEffect> effects)
    {
        node.Tick(nowMs, _made);
        PassOn(effects);
    }

    /// <summary>So little that one more death does not make it run alone.</summary>
    private static Suspicion Harmless(Suspicion suspicion) => suspicion with { Deaths = Math.Min(suspicion.Deaths, Suspicion.DeathsToRunAlone - 2) };

    private void PassOn(EffectBuffer<NodeEffect> effects)
    {
        foreach (ref readonly var effect in _made.Effects) effects.Add(effect.Stored is { } stored ? NodeEffect.WriteAttempt(stored with { Suspicion = Harmless(stored.Suspicion) }) : effect);
        _made.Clear();
    }
}
