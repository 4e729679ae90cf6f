using Rqml.Hosting;
using Rqml.Ledgers;
using Rqml.Messaging;

namespace Rqml.Testing.Simulation;

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
            if (again) effects.Add(LedgerEffect.WriteSettlement(@event.Task, (Settlement)@event.Message.Body!, nowMs, null));
        }

        if (mutant == Mutant.KeyedSelfAttempt && @event is { Kind: LedgerEventKind.Lend, Subject: LendingRequest asked }) LendKeyed(asked, nowMs);
        PassOn(@event, isTick: false, effects);
    }

    private void LendKeyed(LendingRequest asked, long nowMs)
    {
        var keyed = ledger.Open.Where(task => task.AnnouncedIn is null && task.Spec.PartitionKey is not null && task.Spec.NotBeforeMs <= nowMs && asked.Classes.Contains(task.Spec.Class) && !asked.Held.Contains(task.Spec.Id));
        _made.Add(LedgerEffect.Lend([.. keyed.Select(task => new LentTask(task.Spec, ledger.Self, long.MaxValue, task.Watched))]));
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
