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

        TaskId[] Tick(long nowMs)
        {
            var effects = new EffectBuffer<LedgerEffect>();
            ledger.Tick(nowMs, effects);
            return [.. effects.Effects.ToArray().Where(effect => effect.Kind == LedgerEffectKind.Purge).Select(effect => effect.Task)];
        }
    }
}
