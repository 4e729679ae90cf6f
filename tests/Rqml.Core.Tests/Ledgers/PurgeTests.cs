using Rqml.Hosting;
using Rqml.Ledgers;
using Rqml.Messaging;
using Rqml.Tasks;

namespace Rqml.Core.Tests.Ledgers;

public sealed class PurgeTests
{
    [Fact]
    public void Results_that_end_together_are_purged_a_bounded_number_at_a_time_and_each_once()
    {
        const int count = (2 * LedgerMachine.MaxPurgedAtOnce) + 88;
        var ids = new TaskIdSource(new LedgerId(7), 1);
        var ledger = new LedgerMachine(new Peer(new NodeId("ledger"), new Incarnation(1), ""), new LedgerId(7), keepsContent: false, announcedBytes: 1 << 20);
        for (var i = 0; i < count; i++) ledger.Restore(new SettledTask { Id = ids.Next(1_000), Class = new ClassKey("work", 1), SettledMs = 1_000, KeepResultMs = 500 });
        Assert.Equal(1_500, ledger.NextDueMs);
        Assert.Empty(Tick(1_499));

        TaskId[][] steps = [Tick(1_500), Tick(ledger.NextDueMs), Tick(ledger.NextDueMs)];

        Assert.Equal([256, 256, 88], steps.Select(step => step.Length));
        Assert.Equal(count, steps.SelectMany(step => step).Distinct().Count());
        Assert.Empty(ledger.Settled);
        Assert.Equal(long.MaxValue, ledger.NextDueMs);

        TaskId[] Tick(long nowMs) => [.. Purged(ledger, nowMs).Select(effect => effect.Task)];
    }

    [Fact]
    public void Of_more_results_than_are_kept_those_go_whose_time_would_end_first()
    {
        var ids = new TaskIdSource(new LedgerId(7), 1);
        var ledger = new LedgerMachine(new Peer(new NodeId("ledger"), new Incarnation(1), ""), new LedgerId(7), keepsContent: false, announcedBytes: 1 << 20) { MostKept = 2 };
        SettledTask[] tasks = [.. new[] { 3_000, 500, 2_000, 400, 9_000 }.Select(keepMs => new SettledTask { Id = ids.Next(1_000), Class = new ClassKey("work", 1), SettledMs = 1_000, KeepResultMs = keepMs })];
        foreach (var task in tasks) ledger.Restore(task);
        Assert.True(ledger.NextDueMs <= 1_400);

        var purged = Purged(ledger, nowMs: 1_450);

        Assert.Equal([(tasks[3].Id, false), (tasks[1].Id, true), (tasks[2].Id, true)], purged.Select(effect => (effect.Task, effect.IsEarly)));
        Assert.Equal([tasks[0], tasks[4]], ledger.Settled);
        Assert.Equal(4_000, ledger.NextDueMs);
    }

    [Fact]
    public void The_key_of_what_was_forgotten_before_its_time_is_free_again()
    {
        var ids = new TaskIdSource(new LedgerId(7), 1);
        var ledger = new LedgerMachine(new Peer(new NodeId("ledger"), new Incarnation(1), ""), new LedgerId(7), keepsContent: false, announcedBytes: 1 << 20) { MostKept = 1 };
        ledger.Restore(new SettledTask { Id = ids.Next(1_000), Class = new ClassKey("work", 1), SettledMs = 1_000, KeepResultMs = 500, IdempotencyKey = "order-4711" });
        ledger.Restore(new SettledTask { Id = ids.Next(1_000), Class = new ClassKey("work", 1), SettledMs = 1_000, KeepResultMs = 600 });
        Purged(ledger, nowMs: 1_100);

        var effects = new EffectBuffer<LedgerEffect>();
        ledger.Step(LedgerEvent.Submit(new TaskSpec { Id = ids.Next(1_200), Class = new ClassKey("work", 1), Payload = default, IdempotencyKey = "order-4711" }, null, new object()), 1_200, effects);

        var reply = Assert.IsType<SubmitReply>(Assert.Single(effects.Effects.ToArray(), effect => effect.Kind == LedgerEffectKind.AnswerSubmit).Subject);
        Assert.Equal(SubmitAnswer.Accepted, reply.Answer);
    }

    private static LedgerEffect[] Purged(LedgerMachine ledger, long nowMs)
    {
        var effects = new EffectBuffer<LedgerEffect>();
        ledger.Tick(nowMs, effects);
        return [.. effects.Effects.ToArray().Where(effect => effect.Kind == LedgerEffectKind.Purge)];
    }
}
