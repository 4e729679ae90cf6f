using Rqml.Hosting;
using Rqml.Ledgers;
using Rqml.Messaging;
using Rqml.Tasks;

namespace Rqml.Core.Tests.Ledgers;

/// <summary>What a ledger lets the node of its own process run while nobody leads.</summary>
public sealed class LendingTests
{
    private static readonly Peer Self = new(new NodeId("ledger"), new Incarnation(1), "");
    private static readonly Peer Leader = new(new NodeId("scheduler"), new Incarnation(2), "");
    private static readonly ClassKey Work = new("work", 1);
    private readonly TaskIdSource _ids = new(new LedgerId(7), 1);
    private readonly LedgerMachine _ledger = new(Self, new LedgerId(7), keepsContent: false, announcedBytes: 1 << 20);
    private readonly EffectBuffer<LedgerEffect> _effects = new();
    private long _nowMs = 1_000_000;

    [Fact]
    public void New_tasks_are_lent_those_of_higher_priority_first_and_no_more_than_there_is_room_for()
    {
        var (low, high, third) = (Submit(), Submit(priority: 5), Submit());
        Assert.Equal([high, low], Lend(room: 2));
        Assert.Equal([third], Lend(held: [high, low]));
    }

    [Fact]
    public void What_has_a_partition_key_waits_for_a_leader()
    {
        Submit(key: "key");
        Assert.Empty(Lend());
    }

    [Fact]
    public void What_a_leader_has_acknowledged_may_run_elsewhere_and_is_not_lent()
    {
        var (known, unknown) = (Submit(), Submit());
        Step(LedgerEvent.Leader(Leader, new(1, 1)));
        Step(LedgerEvent.Of(new Message(MessageKind.Announced, Leader, Epoch: new Epoch(1, 1, 0), Body: new[] { known })));
        Assert.Equal([unknown], Lend());
    }

    [Fact]
    public void What_an_earlier_start_of_the_ledger_had_comes_last()
    {
        var old = Spec();
        _ledger.Restore(new LedgerTask(old, null));
        var fresh = Submit();
        Assert.Equal([fresh, old.Id], Lend());
    }

    [Fact]
    public void What_the_node_does_not_run_or_must_not_begin_yet_is_not_lent()
    {
        Submit(@class: new ClassKey("other", 1));
        Submit(notBeforeMs: _nowMs + 1_000);
        Assert.Empty(Lend());
        _nowMs += 1_000;
        Assert.Single(Lend());
    }

    [Fact]
    public void Whoever_leads_next_hears_which_were_lent()
    {
        var (lent, kept) = (Submit(), Submit(key: "key"));
        Lend();
        _effects.Clear();
        Step(LedgerEvent.Leader(Leader, new(1, 1)));
        var announced = _effects.Effects.ToArray().Where(effect => effect.Message.Kind == MessageKind.Announce).ToDictionary(effect => effect.Message.Task, effect => effect.Message.Number & Announcement.Lent);
        Assert.Equal((Announcement.Lent, 0L), (announced[lent], announced[kept]));
    }

    [Fact]
    public void A_lent_task_that_is_cancelled_watched_or_asked_about_the_node_here_hears_of_though_nobody_leads()
    {
        var task = Submit();
        Lend();
        _effects.Clear();
        Step(LedgerEvent.Watch(task));
        Step(LedgerEvent.Explain(task, new object()));
        Step(LedgerEvent.Cancel(task, new object()));
        var heard = _effects.Effects.ToArray().Where(effect => effect.Kind == LedgerEffectKind.Send && Equals(effect.Target, Self)).ToArray();
        Assert.Equal([MessageKind.WatchAttempt, MessageKind.ExplainAttempt, MessageKind.Answered], heard.Select(effect => effect.Message.Kind));
        Assert.True(heard[2].OnceDurable);
    }

    [Fact]
    public void The_deadline_goes_as_the_time_that_is_left()
    {
        var deadlineMs = _nowMs + 5_000;
        Submit(deadlineMs: deadlineMs);
        _nowMs = deadlineMs - 3_000;
        Lend();
        Assert.Equal(3_000, ((IReadOnlyList<LentTask>)_effects.Effects.ToArray().Last(effect => effect.Kind == LedgerEffectKind.Lend).Subject!).Single().RemainingMs);
    }

    private TaskId[] Lend(int room = 10, params TaskId[] held)
    {
        _effects.Clear();
        Step(LedgerEvent.Lend(new LendingRequest(room, [Work], held.ToHashSet())));
        return [.. _effects.Effects.ToArray().Where(effect => effect.Kind == LedgerEffectKind.Lend).SelectMany(effect => (IReadOnlyList<LentTask>)effect.Subject!).Select(task => task.Spec.Id)];
    }

    private TaskId Submit(string? key = null, int priority = 0, ClassKey? @class = null, long notBeforeMs = 0, long deadlineMs = long.MaxValue)
    {
        var spec = Spec() with { PartitionKey = key, Priority = priority, Class = @class ?? Work, NotBeforeMs = notBeforeMs, DeadlineMs = deadlineMs };
        Step(LedgerEvent.Submit(spec, null, null));
        return spec.Id;
    }

    private TaskSpec Spec() => new() { Id = _ids.Next(_nowMs++), Class = Work, Payload = default };

    private void Step(in LedgerEvent @event) => _ledger.Step(@event, _nowMs, _effects);
}
