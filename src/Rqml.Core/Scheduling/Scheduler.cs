using Microsoft.Extensions.Logging;
using Rqml.Checkpoints;
using Rqml.Cluster;
using Rqml.Diagnostics;
using Rqml.Hosting;
using Rqml.Messaging;
using Rqml.Storage;

namespace Rqml.Scheduling;

/// <summary>Feeds the <see cref="SchedulerMachine"/> and carries out what it decides.</summary>
internal sealed partial class Scheduler(
    EngineLoop loop, SchedulerMachine machine, Fabric fabric, IMembership membership, InlineReader? copies, SchedulingInstruments instruments, IStationObserver? stations, ILogger logger)
    : Owner<SchedulerEvent, SchedulerEffect>(loop, machine, store: null), IScheduler
{
    private readonly SchedulerMachine _machine = machine;
    private readonly EngineLoop _loop = loop;
    private readonly LoopQuestions _questions = new(loop);

    public SchedulerMachine Machine => _machine;

    public ValueTask<SchedulerStatistics> GetStatisticsAsync(CancellationToken cancellationToken = default) => _questions.AskAsync(Describe, cancellationToken);

    public ValueTask<PlacementDecision?> ExplainAsync(TaskId task, CancellationToken cancellationToken = default) => _questions.AskAsync(() => _machine.Explain(task), cancellationToken);

    public override bool Drain(long nowMs)
    {
        var moved = _machine.Moved;
        var worked = base.Drain(nowMs);
        instruments.Moved(_machine.Moved - moved);
        _questions.Answer();
        return worked;
    }

    public override void Close()
    {
        base.Close();
        _questions.Answer();
    }

    protected override void CarryOut(in SchedulerEffect effect)
    {
        switch (effect.Kind)
        {
            case SchedulerEffectKind.Send:
                if (effect.Message.Kind == MessageKind.Assign)
                {
                    stations?.Entered(Station.Scheduler, effect.Message.Task);
                    Assign(effect);
                    break;
                }

                fabric.Send(effect.To, effect.Message);
                break;
            case SchedulerEffectKind.Register:
                membership.Register(effect.To, effect.Term);
                break;
            case SchedulerEffectKind.Fence:
                instruments.Fenced();
                membership.Fence(effect.To, effect.Term);
                break;
            case SchedulerEffectKind.StepDown:
                membership.StepDown(effect.Term);
                break;
            case SchedulerEffectKind.Recall:
                var lost = effect.Tasks;
                copies!.Recall(lost, found => Post(SchedulerEvent.Recalled(lost, found)));
                break;
            case SchedulerEffectKind.ListCopies:
                copies!.List(found => Post(SchedulerEvent.CopiesListed(found)));
                break;
            case SchedulerEffectKind.RemoveCopies:
                copies!.Remove(effect.Tasks, effect.Term);
                break;
            case SchedulerEffectKind.Tell:
                Tell(effect);
                break;
        }
    }

    protected override void Encode(in SchedulerEffect effect, WriteBatch batch) { }

    private void Assign(in SchedulerEffect effect)
    {
        var isNew = effect.Message.Body is Assignment { Adopted: false };
        if (isNew) instruments.Assigned();
        using var span = isNew ? Spans.Assign(effect.Message, effect.To) : null;
        fabric.Send(effect.To, effect.Message);
    }

    private void Tell(in SchedulerEffect effect)
    {
        var (about, number, detail) = (effect.To, effect.Message.Number, effect.Message.Body);
        switch (effect.News)
        {
            case SchedulerNews.Elected:
                Log.Elected(logger, about.Node, effect.Term, number);
                break;
            case SchedulerNews.Deposed:
                Log.Deposed(logger, about.Node, effect.Term, number);
                break;
            case SchedulerNews.Joined:
                Log.Joined(logger, about, number);
                break;
            case SchedulerNews.CameBack:
                Log.CameBack(logger, about, (Incarnation)detail!, number);
                break;
            case SchedulerNews.Suspected:
                Log.Suspected(logger, about, number);
                break;
            case SchedulerNews.HeardAgain:
                Log.HeardAgain(logger, about);
                break;
            case SchedulerNews.GivenUp:
                Log.GivenUp(logger, about, WordsOf((FenceReason)detail!), number);
                break;
            case SchedulerNews.Fenced:
                Log.Fenced(logger, about, number);
                break;
            case SchedulerNews.HandedOverUnfenced:
                Log.HandedOverUnfenced(logger, about, number, (int)detail!);
                break;
            case SchedulerNews.HandedOver:
                Log.HandedOver(logger, about, number, (HandOver)detail!);
                break;
            case SchedulerNews.TurnedAway:
                Log.TurnedAway(logger, about);
                break;
            case SchedulerNews.Unserved:
                var unserved = (ClassKey)detail!;
                Log.Unserved(logger, unserved.Name, unserved.Version, number);
                break;
        }
    }

    private static string WordsOf(FenceReason reason) => reason switch
    {
        FenceReason.Gone => "nobody listens where it did",
        FenceReason.Unreachable => "nothing could be said to it for too long",
        FenceReason.Silent => "nothing was heard of it for too long",
        FenceReason.Restarted => "another start of it has reported",
        _ => throw new ArgumentOutOfRangeException(nameof(reason), reason, "A node is fenced for a reason."),
    };

    private SchedulerStatistics Describe()
    {
        var nowMs = _loop.Clock.NowMs;
        var nodes = _machine.Nodes
            .Select(node => new NodeStatistics(node.Peer.Node, OperatorDesk.StandingOf(node), node.Assigned.Count, node.Limit, SchedulerMachine.WeightOf(node, nowMs)))
            .ToArray();
        return new SchedulerStatistics(_machine.IsLeading, _machine.Term, _machine.TaskCount, _machine.WaitingStatistics(nowMs).Waiting, _machine.Moved, nodes);
    }
}
