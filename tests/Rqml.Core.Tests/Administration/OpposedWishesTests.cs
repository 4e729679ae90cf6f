using Rqml.Administration;
using Rqml.Core.Tests.Scheduling;
using Rqml.Hosting;
using Rqml.Messaging;

namespace Rqml.Core.Tests.Administration;

/// <summary>Two operators who want the opposite of one node at the same time, each at a host of its own.</summary>
public sealed class OpposedWishesTests
{
    private const long LongMs = 5_000;

    [Theory]
    [InlineData(1)]
    [InlineData(50)]
    [InlineData(125)]
    [InlineData(200)]
    [InlineData(249)]
    public void A_drain_and_a_resume_at_the_same_time_both_end(long apartMs)
    {
        var scheduler = new SchedulerBench();
        scheduler.Join("a");
        var (drains, resumes) = (new AskingOperator(scheduler, AdministrationKind.Drain), new AskingOperator(scheduler, AdministrationKind.Resume));

        for (var ms = 0L; ms < LongMs; ms++)
        {
            if (ms == 0) drains.Ask(ms);
            if (ms == apartMs) resumes.Ask(ms);
            drains.Tick(ms);
            resumes.Tick(ms);
        }

        Assert.Equal(AdministrationVerdict.Done, resumes.Answer);
        Assert.Contains(drains.Answer, new AdministrationVerdict?[] { AdministrationVerdict.Done, AdministrationVerdict.CalledOff });
    }

    /// <summary>An operator's machine, a leader and a node that answer at once.</summary>
    private sealed class AskingOperator(SchedulerBench scheduler, AdministrationKind kind)
    {
        private static readonly Peer Leader = new(new NodeId("scheduler"), new Incarnation(1), "");

        private readonly AdministratorMachine _machine = new(SchedulerBench.Operator, seed: (ulong)kind);
        private readonly EffectBuffer<AdministratorEffect> _effects = new();

        public AdministrationVerdict? Answer { get; private set; }

        public void Ask(long nowMs)
        {
            Step(AdministratorEvent.Led(Leader, SchedulerBench.Term), nowMs);
            Step(AdministratorEvent.Ask(new AdministrationRequest(kind) { Node = new NodeId("a") }, default, this), nowMs);
        }

        public void Tick(long nowMs)
        {
            if (_machine.NextDueMs > nowMs) return;
            _machine.Tick(nowMs, _effects);
            CarryOut(nowMs);
        }

        private void Step(in AdministratorEvent @event, long nowMs)
        {
            _machine.Step(@event, nowMs, _effects);
            CarryOut(nowMs);
        }

        private void CarryOut(long nowMs)
        {
            var made = _effects.Effects.ToArray();
            _effects.Clear();
            foreach (var effect in made)
            {
                if (effect.Kind == AdministratorEffectKind.Answer) Answer = effect.Answered!.Verdict;
                if (effect.Kind != AdministratorEffectKind.Send) continue;
                var before = scheduler.Effects.Count;
                var answer = scheduler.Ask((AdministrationRequest)effect.Message.Body!);
                foreach (var command in scheduler.Effects.Skip(before).ToArray()) Obey(command.Message.Kind);
                Step(AdministratorEvent.Of(new Message(MessageKind.Administered, Leader, default, new Epoch(1, SchedulerBench.Term.Number, 0), effect.Message.Number, answer)), nowMs);
            }
        }

        private void Obey(MessageKind command)
        {
            if (command == MessageKind.Drain) scheduler.ReportDraining("a");
            else if (command == MessageKind.Resume) scheduler.Report("a");
        }
    }
}
