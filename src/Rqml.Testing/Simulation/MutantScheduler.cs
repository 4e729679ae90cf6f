using Rqml.Hosting;
using Rqml.Messaging;
using Rqml.Scheduling;
using Rqml.Supervision;
using Rqml.Supervision.Votes;

namespace Rqml.Testing.Simulation;

/// <summary>A scheduler with one rule broken.</summary>
internal sealed class MutantScheduler(SchedulerMachine scheduler, Mutant mutant) : IMachine<SchedulerEvent, SchedulerEffect>
{
    private readonly EffectBuffer<SchedulerEffect> _made = new();
    private readonly MutantBallots _ballots = new(mutant);

    public long NextDueMs => scheduler.NextDueMs;

    public void Step(in SchedulerEvent @event, long nowMs, EffectBuffer<SchedulerEffect> effects)
    {
        var isBallot = @event.Kind == SchedulerEventKind.Message && @event.Message.Kind == MessageKind.BallotCast;
        scheduler.Step(isBallot ? SchedulerEvent.Of(_ballots.Bend(@event.Message)) : Bend(@event), nowMs, _made);
        if (isBallot && mutant == Mutant.VoteClosedEarly) CloseEarly(@event.Message, nowMs);
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

    /// <summary>Whoever has not been heard is taken for one that abstains.</summary>
    private void CloseEarly(in Message first, long nowMs)
    {
        foreach (var (voter, peer) in _ballots.Missing(first))
        {
            scheduler.Step(SchedulerEvent.Of(first with { From = peer, Body = new BallotCast(voter, new Ballot(Judgement.Abstain, null, 0)) }), nowMs, _made);
        }
    }

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
                if (effect is { Kind: SchedulerEffectKind.Send, Message.Kind: MessageKind.AskBallot }) _ballots.Asked(effect.To, effect.Message);
            }
        }
    }
}
