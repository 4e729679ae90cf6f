using Rqml.Hosting;
using Rqml.Messaging;
using Rqml.Scheduling;
using Rqml.Supervision.Votes;

namespace Rqml.Testing.Simulation.Supervised;

/// <summary>A node that lies to a scheduler: around a genuine ballot come others that nobody cast, or nobody asked for. None of them may count.</summary>
internal sealed class ForgedBallots(IMachine<SchedulerEvent, SchedulerEffect> scheduler, World world, BallotCount count) : IMachine<SchedulerEvent, SchedulerEffect>
{
    private const double Often = 0.3;
    private const int NoVote = 1_000;      // no task has so many

    private static readonly Peer Stranger = new(new NodeId("stranger"), new Incarnation(1), "sim://stranger/");

    public long NextDueMs => scheduler.NextDueMs;

    public void Step(in SchedulerEvent @event, long nowMs, EffectBuffer<SchedulerEffect> effects)
    {
        if (@event.Kind != SchedulerEventKind.Message || @event.Message.Kind != MessageKind.BallotCast || !world.Chance(Often))
        {
            scheduler.Step(@event, nowMs, effects);
            return;
        }

        var genuine = @event.Message;
        count.IsForged(genuine);
        world.Tell($"ballots are forged around that of {genuine.From}");
        if (world.Chance(0.5)) scheduler.Step(SchedulerEvent.Of(genuine with { From = Stranger, Body = Opposite(genuine) }), nowMs, effects);
        if (world.Chance(0.5)) scheduler.Step(SchedulerEvent.Of(genuine with { Number = genuine.Number + NoVote, Body = Opposite(genuine) }), nowMs, effects);
        scheduler.Step(@event, nowMs, effects);
        if (world.Chance(0.5)) scheduler.Step(SchedulerEvent.Of(genuine with { Body = Opposite(genuine) }), nowMs, effects);
    }

    public void Tick(long nowMs, EffectBuffer<SchedulerEffect> effects) => scheduler.Tick(nowMs, effects);

    /// <summary>The same voter says something else.</summary>
    private static BallotCast Opposite(in Message genuine)
    {
        var cast = (BallotCast)genuine.Body!;
        return cast with { Ballot = cast.Ballot with { Judgement = cast.Ballot.Judgement == Judgement.Accept ? Judgement.Reject : Judgement.Accept } };
    }
}
