using Rqml.Cluster;
using Rqml.Hosting;
using Rqml.Messaging;
using Rqml.Nodes;

namespace Rqml.Testing.Simulation;

/// <summary>A node with one rule broken.</summary>
internal sealed class MutantNode(NodeMachine node, Mutant mutant) : IMachine<NodeEvent, NodeEffect>
{
    private readonly EffectBuffer<NodeEffect> _made = new();
    private readonly EffectBuffer<NodeEffect> _more = new();
    private bool _hasTicked;

    public long NextDueMs => node.NextDueMs;

    public void Step(in NodeEvent @event, long nowMs, EffectBuffer<NodeEffect> effects)
    {
        var bent = @event;
        if (mutant == Mutant.AssignWithoutIncarnation && @event.Kind == NodeEventKind.Message && @event.Message.Body is Assignment assignment)
        {
            bent = NodeEvent.Of(@event.Message with { Body = assignment with { To = node.Self.Incarnation } });
        }

        if (mutant == Mutant.JoinWithoutTerm && @event.Kind == NodeEventKind.Leader) bent = NodeEvent.Led(@event.Leader, Term.None);
        node.Step(bent, nowMs, _made);
        PassOn(nowMs, effects);
    }

    public void Tick(long nowMs, EffectBuffer<NodeEffect> effects)
    {
        node.Tick(nowMs, _made);
        if (!_hasTicked && mutant == Mutant.NodeDeathIsStrike) StrikeRestored();
        _hasTicked = true;
        PassOn(nowMs, effects);
    }

    private void StrikeRestored()
    {
        foreach (var effect in _made.Effects.ToArray())
        {
            if (effect is not { Kind: NodeEffectKind.WriteAttempt, Stored: { } stored }) continue;
            _made.Add(NodeEffect.Send(stored.Ledger, new Message(MessageKind.Strike, node.Self, stored.Attempt.Task, stored.Attempt.Epoch, (long)node.Self.Incarnation.Value)));
        }
    }

    private void PassOn(long nowMs, EffectBuffer<NodeEffect> effects)
    {
        foreach (var effect in _made.Effects.ToArray())
        {
            effects.Add(mutant == Mutant.SuspicionVolatile && effect.Stored is { } stored ? NodeEffect.WriteAttempt(stored with { Suspicion = Suspicion.None, Alone = null }) : effect);
            if (effect.Kind != NodeEffectKind.Send) continue;
            switch (effect.Message.Kind)
            {
                case MessageKind.Result when mutant == Mutant.DropOnSend:
                    node.Step(NodeEvent.Of(new Message(MessageKind.Answered, effect.To!, effect.Message.Task, effect.Message.Epoch, (long)Verdict.Settled)), nowMs, _more);
                    break;
                case MessageKind.Strike when mutant == Mutant.RerunBeforeStrikeDurable:
                    node.Step(NodeEvent.Of(new Message(MessageKind.StrikeCounted, effect.To!, effect.Message.Task, effect.Message.Epoch, effect.Message.Number)), nowMs, _more);
                    break;
            }
        }

        _made.Clear();
        foreach (var effect in _more.Effects) effects.Add(effect);
        _more.Clear();
    }
}
