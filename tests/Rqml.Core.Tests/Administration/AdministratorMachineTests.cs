using Rqml.Administration;
using Rqml.Cluster;
using Rqml.Hosting;
using Rqml.Messaging;

namespace Rqml.Core.Tests.Administration;

/// <summary>What becomes of an operator's wish between the call and its answer.</summary>
public sealed class AdministratorMachineTests
{
    private static readonly Peer Self = new(new NodeId("self"), new Incarnation(1), "");
    private static readonly Peer First = new(new NodeId("first"), new Incarnation(2), "");
    private static readonly Peer Second = new(new NodeId("second"), new Incarnation(3), "");
    private static readonly AdministrationRequest Drain = new(AdministrationKind.Drain) { Node = new NodeId("a") };

    private readonly AdministratorMachine _machine = new(Self, seed: 1);
    private readonly EffectBuffer<AdministratorEffect> _effects = new();
    private readonly object _ticket = new();
    private long _nowMs = 1_000;

    [Fact]
    public void A_wish_is_repeated_until_it_is_answered()
    {
        Step(AdministratorEvent.Led(First, new Term(1, 5)));
        var asked = Assert.Single(Step(AdministratorEvent.Ask(Drain, default, _ticket)));
        Assert.Equal((First, MessageKind.Administer), (asked.To, asked.Message.Kind));

        Assert.Equal(4, Pass(1_000).Count(effect => effect.Message.Number == asked.Message.Number));
        var answered = Assert.Single(Step(Answer(First, asked.Message.Number, new AdministrationAnswer(AdministrationVerdict.Done))));
        Assert.Equal((_ticket, First.Node, new Term(1, 5)), (answered.Ticket, answered.Answered!.Leader, answered.Answered.Term));
        Assert.Empty(Pass(60_000));
    }

    [Fact]
    public void What_was_learnt_on_the_way_goes_to_the_next_leader()
    {
        Step(AdministratorEvent.Led(First, new Term(1, 5)));
        var asked = Step(AdministratorEvent.Ask(Drain, default, _ticket)).Single().Message.Number;
        Step(Answer(First, asked, new AdministrationAnswer(AdministrationVerdict.Pending) { Begun = true, Start = new Incarnation(9) }));

        var again = Assert.Single(Step(AdministratorEvent.Led(Second, new Term(1, 8))));
        Assert.Equal((Second, Drain with { Begun = true, Start = new Incarnation(9) }), (again.To, (AdministrationRequest)again.Message.Body!));
        Assert.Empty(Step(AdministratorEvent.Led(First, new Term(1, 5))));      // late news
    }

    [Fact]
    public void A_wish_that_is_under_way_is_waited_for_as_long_as_somebody_answers()
    {
        Step(AdministratorEvent.Led(First, new Term(1, 5)));
        var asked = Step(AdministratorEvent.Ask(Drain, default, _ticket)).Single().Message.Number;
        for (var seconds = 0; seconds < 60; seconds++)
        {
            Assert.DoesNotContain(Pass(1_000), effect => effect.Kind == AdministratorEffectKind.NobodyLeads);
            Step(Answer(First, asked, new AdministrationAnswer(AdministrationVerdict.Pending)));
        }

        var silent = Pass(AdministratorMachine.PatienceMs + 1_000).Single(effect => effect.Kind == AdministratorEffectKind.NobodyLeads);
        Assert.Equal((_ticket, First.Node, new Term(1, 5)), (silent.Ticket, silent.Last!.Value, silent.Term));
    }

    [Fact]
    public void Where_nobody_was_ever_heard_of_that_is_said()
    {
        Step(AdministratorEvent.Ask(Drain, default, _ticket));

        Assert.Null(Assert.Single(Pass(AdministratorMachine.PatienceMs + 1_000)).Last);
    }

    [Fact]
    public void A_ledger_that_does_not_answer_is_told_from_a_leader_that_does_not()
    {
        Step(AdministratorEvent.Led(First, new Term(1, 5)));
        var asked = Step(AdministratorEvent.Ask(new AdministrationRequest(AdministrationKind.Fail), default, _ticket)).Single().Message.Number;
        for (var seconds = 0; seconds < 9; seconds++)
        {
            Pass(1_000);
            Step(Answer(First, asked, new AdministrationAnswer(AdministrationVerdict.Pending) { Begun = true, Ledger = new NodeId("ledger") }));
        }

        var answered = Pass(2_000).Single(effect => effect.Kind == AdministratorEffectKind.Answer).Answered!;
        Assert.Equal((AdministrationVerdict.LedgerSilent, "ledger"), (answered.Verdict, answered.Ledger.Value));
    }

    [Fact]
    public void Nobody_is_asked_any_more_once_nobody_waits()
    {
        Step(AdministratorEvent.Led(First, new Term(1, 5)));
        Step(AdministratorEvent.Ask(Drain, default, _ticket));
        Step(AdministratorEvent.GiveUp(_ticket));

        Assert.Empty(Pass(60_000));
    }

    private static AdministratorEvent Answer(Peer from, long number, AdministrationAnswer answer) => AdministratorEvent.Of(new Message(MessageKind.Administered, from, default, new Epoch(1, 5, 0), number, answer));

    private AdministratorEffect[] Step(in AdministratorEvent @event)
    {
        _effects.Clear();
        _machine.Step(@event, _nowMs, _effects);
        return _effects.Effects.ToArray();
    }

    private List<AdministratorEffect> Pass(long ms)
    {
        var untilMs = _nowMs + ms;
        var made = new List<AdministratorEffect>();
        while (_machine.NextDueMs <= untilMs)
        {
            _nowMs = _machine.NextDueMs;
            _effects.Clear();
            _machine.Tick(_nowMs, _effects);
            made.AddRange(_effects.Effects.ToArray());
        }

        _nowMs = untilMs;
        return made;
    }
}
