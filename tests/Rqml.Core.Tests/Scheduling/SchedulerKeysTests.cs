using Rqml.Cluster;
using Rqml.Hosting;
using Rqml.Messaging;
using Rqml.Nodes;
using Rqml.Scheduling;
using Rqml.Tasks;

namespace Rqml.Core.Tests.Scheduling;

/// <summary>Who may be given what at the beginning of a term, when neither nodes nor ledgers have told everything.</summary>
public sealed class SchedulerKeysTests
{
    private static readonly ClassKey Class = new("keyed", 1);
    private static readonly Term Term = new(1, 7);
    private static readonly Peer Ledger = new(new NodeId("ledger"), new Incarnation(1), "");
    private static readonly Peer First = new(new NodeId("first"), new Incarnation(2), "");
    private static readonly Peer Second = new(new NodeId("second"), new Incarnation(3), "");
    private static readonly TaskIdSource Ids = new(new LedgerId(5), 1);

    private readonly SchedulerMachine _scheduler = new(new Peer(new NodeId("scheduler"), new Incarnation(9), ""), new SchedulerSettings(), seed: 1, nowMs: 0);
    private readonly EffectBuffer<SchedulerEffect> _effects = new();

    [Fact]
    public void A_key_that_a_node_holds_waits_for_it_though_no_ledger_has_announced_that_task()
    {
        var (held, other) = (Ids.Next(1), Ids.Next(2));
        Begin(First);
        Report(First, new HeldAttempt(new Attempt(held, new Epoch(1, 6, 1)), 3, AwaitsAdoption: false, Suspicion.None, "key"));
        Announce(other, "key");
        Assert.Empty(Assigned());

        Step(new Message(MessageKind.TaskSettled, Ledger, held));
        Assert.Equal([other], Assigned());
    }

    [Fact]
    public void A_key_goes_on_when_the_node_that_held_it_is_fenced()
    {
        var (held, other) = (Ids.Next(3), Ids.Next(4));
        Begin(First, Second);
        Report(First, new HeldAttempt(new Attempt(held, new Epoch(1, 6, 2)), 0, AwaitsAdoption: true, Suspicion.None, "key"));
        Report(Second);
        Announce(other, "key");
        Assert.Empty(Assigned());

        _scheduler.Step(SchedulerEvent.Fenced(First, Term), 10_000, _effects);
        Assert.Equal([other], Assigned());
    }

    [Fact]
    public void A_key_goes_on_when_its_node_reports_that_it_holds_it_no_longer()
    {
        var (held, other) = (Ids.Next(5), Ids.Next(6));
        Begin(First);
        Report(First, new HeldAttempt(new Attempt(held, new Epoch(1, 6, 3)), 0, AwaitsAdoption: false, Suspicion.None, "key"));
        Announce(other, "key");
        Report(First);
        Assert.Equal([other], Assigned());
    }

    [Fact]
    public void A_task_that_a_node_holds_is_given_to_nobody_else_though_its_key_is_out_for_a_moment()
    {
        var (settled, running) = (Ids.Next(9), Ids.Next(10));
        Begin(First, Second);
        Announce(running, "key");
        Report(Second, new HeldAttempt(new Attempt(settled, new Epoch(1, 6, 4)), 3, AwaitsAdoption: false, Suspicion.None, "key"));      // its result waits for an answer
        Report(First, new HeldAttempt(new Attempt(running, new Epoch(1, 6, 5)), 2, AwaitsAdoption: false, Suspicion.None, "key"));
        Step(new Message(MessageKind.TaskSettled, Ledger, settled));

        var said = _effects.Effects.ToArray();
        Assert.DoesNotContain(said, effect => effect.Message.Kind == MessageKind.Revoke);
        var agreed = Assert.Single(said, effect => effect.Message.Kind == MessageKind.Assign);
        Assert.True(agreed.To == First && agreed.Message.Body is Assignment { Adopted: true }, "The task went to somebody who does not hold it.");
    }

    [Fact]
    public void A_start_that_goes_before_it_is_registered_leaves_the_one_before_it_to_be_fenced()
    {
        var again = First with { Incarnation = new Incarnation(23) };
        Begin(First, Second);
        Report(Second);
        Announce(Ids.Next(11), null);
        Report(again);
        _scheduler.Step(SchedulerEvent.Fenced(again, Term), 10_000, _effects);
        Assert.Contains(_effects.Effects.ToArray(), effect => effect.Kind == SchedulerEffectKind.Fence && effect.To == First);
        Assert.Empty(Assigned());      // First may hold the task: nobody has said that it is over

        _scheduler.Step(SchedulerEvent.Fenced(First, Term), 10_001, _effects);
        Assert.Single(Assigned());
    }

    [Fact]
    public void A_node_gets_nothing_before_its_registration_is_in_the_store_however_often_it_reports()
    {
        Begin();
        Announce(Ids.Next(7), null);
        Report(First);
        Report(First);
        Report(First);
        Assert.Empty(Assigned());

        _scheduler.Step(SchedulerEvent.Registered(First, Term), 10, _effects);
        Report(First);
        Assert.Single(Assigned());
    }

    [Fact]
    public void What_an_earlier_start_of_a_node_had_is_given_to_others_only_once_that_start_is_fenced()
    {
        var held = Ids.Next(8);
        var again = First with { Incarnation = new Incarnation(22) };
        Begin(First, Second);
        Report(First, new HeldAttempt(new Attempt(held, new Epoch(1, 6, 4)), 2, AwaitsAdoption: false, Suspicion.None, null));
        Report(Second);
        Report(again);
        Announce(held, null);
        Assert.DoesNotContain(Second, AssignedTo());

        _scheduler.Step(SchedulerEvent.Fenced(First, Term), 10, _effects);
        Assert.Equal([Second], AssignedTo());
    }

    private void Begin(params Peer[] members) => _scheduler.Step(SchedulerEvent.Elected(Term, members), 0, _effects);

    private void Announce(TaskId task, string? key)
    {
        var spec = new TaskSpec { Id = task, Class = Class, Payload = new byte[] { 1 }, KeepResultMs = 1, PartitionKey = key };
        Step(new Message(MessageKind.Announce, Ledger, task, Body: spec));
    }

    private void Report(Peer node, params HeldAttempt[] held)
    {
        var report = new NodeReport { Term = Term, Classes = [Class], Limit = 4, Draining = false, Load = new NodeLoad(2, 0, 0, 0, NodeSettings.NoDevices, 0), Held = held };
        Step(new Message(MessageKind.Report, node, Body: report));
    }

    private void Step(in Message message) => _scheduler.Step(SchedulerEvent.Of(message), 10, _effects);

    private TaskId[] Assigned() => [.. Assignments().Select(effect => effect.Message.Task)];

    private Peer[] AssignedTo() => [.. Assignments().Select(effect => effect.To)];

    private SchedulerEffect[] Assignments()
    {
        var assignments = _effects.Effects.ToArray().Where(effect => effect is { Kind: SchedulerEffectKind.Send, Message.Kind: MessageKind.Assign }).ToArray();
        _effects.Clear();
        return assignments;
    }
}
