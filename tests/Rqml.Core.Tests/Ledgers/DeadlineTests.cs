using Rqml.Hosting;
using Rqml.Ledgers;
using Rqml.Messaging;
using Rqml.Tasks;

namespace Rqml.Core.Tests.Ledgers;

public sealed class DeadlineTests
{
    [Fact]
    public void Tasks_settled_long_before_their_deadline_do_not_pile_up_and_those_still_open_end_in_time()
    {
        var ids = new TaskIdSource(new LedgerId(7), 1);
        var ledger = new LedgerMachine(new Peer(new NodeId("ledger"), new Incarnation(1), ""), new LedgerId(7), keepsContent: false, announcedBytes: 1 << 20);
        var open = Restore(2_000);
        var most = 0;
        for (var i = 0; i < 20_000; i++)
        {
            var task = Restore(1_000_000 + i);
            ledger.Step(LedgerEvent.Cancel(task, new object()), 1, new EffectBuffer<LedgerEffect>());
            most = Math.Max(most, ledger.DeadlineCount);
        }

        var settled = new EffectBuffer<LedgerEffect>();
        ledger.Tick(1_999, settled);
        Assert.Contains(open, ledger.Open.Select(task => task.Spec.Id));
        ledger.Tick(2_000, settled);

        Assert.True(most <= 1_100, $"{most} deadlines were kept for one open task.");
        Assert.Empty(ledger.Open);

        TaskId Restore(long deadlineMs)
        {
            var spec = new TaskSpec { Id = ids.Next(1), Class = new ClassKey("work", 1), Payload = default, DeadlineMs = deadlineMs };
            ledger.Restore(new LedgerTask(spec, null));
            return spec.Id;
        }
    }
}
