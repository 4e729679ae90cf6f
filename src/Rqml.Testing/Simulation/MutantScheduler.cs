using Rqml.Hosting;
using Rqml.Messaging;
using Rqml.Nodes;
using Rqml.Scheduling;
using Rqml.Supervision;
using Rqml.Supervision.Votes;

namespace Rqml.Testing.Simulation;

/// <summary>A scheduler with one rule broken.</summary>
internal sealed class MutantScheduler(SchedulerMachine scheduler, Mutant mutant) : IMachine<SchedulerEvent, SchedulerEffect>
{
    private readonly EffectBuffer<SchedulerEffect> _made = new();
    private readonly MutantBallots _ballots = new(mutant);
    private readonly Dictionary<TaskId, (Epoch Epoch, Suspicion Suspicion)> _given = [];
    private readonly HashSet<(TaskId, Epoch)> _reported = [];
    private readonly HashSet<Peer> _drained = [];

    public long NextDueMs => scheduler.NextDueMs;

    public void Step(in SchedulerEvent @event, long nowMs, EffectBuffer<SchedulerEffect> effects)
    {
        if (mutant == Mutant.SuspectOnlyIfReported && @event is { Kind: SchedulerEventKind.Message, Message.Body: NodeReport report }) _reported.UnionWith(report.Held.Select(held => (held.Attempt.Task, held.Attempt.Epoch)));
        var isBallot = @event.Kind == SchedulerEventKind.Message && @event.Message.Kind == MessageKind.BallotCast;
        if (@event.Kind == SchedulerEventKind.Elected) _drained.Clear();
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
        (Mutant.DrainOfEarlierLeaderForgotten, SchedulerEventKind.Message) when @event.Message is { Body: NodeReport { Draining: true } report } && !_drained.Contains(@event.Message.From) => SchedulerEvent.Of(@event.Message with { Body = report with { Draining = false } }),
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

    /// <summary>Whoever has died while nobody had been told that it held the task has not died of it.</summary>
    private SchedulerEffect Clear(in SchedulerEffect effect, Assignment assignment)
    {
        var (task, epoch) = (effect.Message.Task, effect.Message.Epoch);
        var suspicion = assignment.Suspicion;
        if (_given.TryGetValue(task, out var before) && before.Epoch != epoch && !_reported.Contains((task, before.Epoch))) suspicion = before.Suspicion;
        _given[task] = (epoch, suspicion);
        return SchedulerEffect.Send(effect.To, effect.Message with { Body = assignment with { Suspicion = suspicion } });
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
                else effects.Add(mutant == Mutant.SuspectOnlyIfReported && effect.Message.Body is Assignment assignment ? Clear(effect, assignment) : effect);
                if (effect is { Kind: SchedulerEffectKind.Send, Message.Kind: MessageKind.Drain }) _drained.Add(effect.To);
                if (effect is { Kind: SchedulerEffectKind.Send, Message.Kind: MessageKind.AskBallot }) _ballots.Asked(effect.To, effect.Message);
            }
        }
    }
}
