using Rqml.Hosting;
using Rqml.Ledgers;
using Rqml.Messaging;
using Rqml.Nodes;

namespace Rqml.Testing.Simulation;

/// <summary>Breaks one rule at the border of a machine: what the shipped machine decides is bent on its way to the shipped shell.</summary>
internal sealed class MutantInterposer(Mutant mutant) : IInterposer
{
    public IMachine<TEvent, TEffect> Interpose<TEvent, TEffect>(IMachine<TEvent, TEffect> machine)
        where TEvent : struct
        where TEffect : struct, IEffect =>
        machine switch
        {
            LedgerMachine ledger => (IMachine<TEvent, TEffect>)(object)new MutantLedger(ledger, mutant),
            NodeMachine node => (IMachine<TEvent, TEffect>)(object)new MutantNode(node, mutant),
            _ => machine,
        };
}

/// <summary>A ledger with one rule broken.</summary>
internal sealed class MutantLedger(LedgerMachine ledger, Mutant mutant) : IMachine<LedgerEvent, LedgerEffect>
{
    private readonly EffectBuffer<LedgerEffect> _made = new();
    private readonly HashSet<TaskId> _submitted = [];
    private Peer? _firstLeader;
    private long _strikes;

    public long NextDueMs => ledger.NextDueMs;

    public void Step(in LedgerEvent @event, long nowMs, EffectBuffer<LedgerEffect> effects)
    {
        var bent = Bend(@event);
        if (@event.Kind == LedgerEventKind.Submit) _submitted.Add(@event.Task);
        var wasOpen = ledger.FindOpen(@event.Task) is not null;
        var wasSettled = ledger.FindSettled(@event.Task) is not null;
        ledger.Step(bent, nowMs, _made);
        if (@event.Kind == LedgerEventKind.Message && @event.Message.Kind == MessageKind.Result)
        {
            var again = mutant == Mutant.LastWriterWins ? wasSettled : mutant == Mutant.UnknownIdReopens && !wasOpen && !wasSettled;
            if (again) effects.Add(LedgerEffect.WriteSettlement(@event.Task, ((Settlement)@event.Message.Body!).At(nowMs)));
        }

        PassOn(@event, isTick: false, effects);
    }

    public void Tick(long nowMs, EffectBuffer<LedgerEffect> effects)
    {
        ledger.Tick(nowMs, _made);
        PassOn(default, isTick: true, effects);
    }

    private LedgerEvent Bend(in LedgerEvent @event)
    {
        if (@event.Kind != LedgerEventKind.Message || @event.Message.Kind != MessageKind.Strike) return @event;
        return mutant switch
        {
            Mutant.StrikeNotDeduplicated => LedgerEvent.Of(@event.Message with { Number = --_strikes }),
            Mutant.StrikePerAttempt => LedgerEvent.Of(@event.Message with { Number = 0 }),
            _ => @event,
        };
    }

    private void PassOn(in LedgerEvent @event, bool isTick, EffectBuffer<LedgerEffect> effects)
    {
        foreach (ref readonly var effect in _made.Effects)
        {
            if (!IsLost(effect, isTick)) effects.Add(Bend(@event, effect));
        }

        _made.Clear();
    }

    private bool IsLost(in LedgerEffect effect, bool isTick)
    {
        if (mutant == Mutant.SettlementMemoryOnly) return effect.Kind == LedgerEffectKind.WriteSettlement;
        if (effect.Kind != LedgerEffectKind.Send) return false;
        if (mutant == Mutant.UnknownIdSilent) return effect.Message is { Kind: MessageKind.Answered, Number: (long)Verdict.AlreadySettled };
        if (effect.Message.Kind != MessageKind.Announce) return false;
        var leader = (Peer)effect.Target!;
        _firstLeader ??= leader;
        return mutant switch
        {
            Mutant.LedgerReannounceSkipped => !_submitted.Contains(effect.Task),
            Mutant.NoReannounceToNewLeader => leader != _firstLeader,
            Mutant.AnnounceFireAndForget => isTick,      // it is repeated by the clock alone
            _ => false,
        };
    }

    private LedgerEffect Bend(in LedgerEvent @event, in LedgerEffect effect)
    {
        if (effect.Kind == LedgerEffectKind.Send && effect.Message.Kind == MessageKind.StrikeCounted && @event.Kind == LedgerEventKind.Message)
        {
            return LedgerEffect.SendOnceDurable((Peer)effect.Target!, effect.Message with { Number = @event.Message.Number });
        }

        var early = mutant switch
        {
            Mutant.CompletionBeforeDurable => effect.Kind == LedgerEffectKind.Complete,
            Mutant.CancelAcknowledgedBeforeDurable => effect.Kind == LedgerEffectKind.AnswerCancel,
            Mutant.SubmitAcknowledgedBeforeDurable => effect.Kind == LedgerEffectKind.AnswerSubmit,
            Mutant.SettledBeforeDurable => effect is { Kind: LedgerEffectKind.Send, Message: { Kind: MessageKind.Answered, Number: (long)Verdict.Settled } },
            Mutant.AlreadySettledBeforeDurable => effect is { Kind: LedgerEffectKind.Send, Message: { Kind: MessageKind.Answered, Number: (long)Verdict.AlreadySettled } },
            _ => false,
        };
        return early ? effect with { OnceDurable = false } : effect;
    }
}

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
