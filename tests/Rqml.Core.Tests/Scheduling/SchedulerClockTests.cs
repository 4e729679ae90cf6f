using Rqml.Messaging;
using Rqml.Scheduling;
using Rqml.Tasks;

namespace Rqml.Core.Tests.Scheduling;

/// <summary>A ledger and a scheduler whose clocks do not agree.</summary>
public sealed class SchedulerClockTests
{
    private const long TenMinutesMs = 600_000;      // the bench has been up for a little longer
    private readonly SchedulerBench _scheduler = new();

    public SchedulerClockTests() => _scheduler.Join("a");

    [Theory]
    [InlineData(TenMinutesMs)]
    [InlineData(0)]
    [InlineData(-TenMinutesMs)]
    public void A_deadline_is_as_far_away_here_as_it_is_at_the_ledger(long aheadMs)
    {
        Announce(aheadMs, spec => spec with { DeadlineMs = _scheduler.NowMs + aheadMs + 30_000 });
        Assert.Equal(30_000, Assigned().RemainingMs);
    }

    [Theory]
    [InlineData(TenMinutesMs)]
    [InlineData(0)]
    [InlineData(-TenMinutesMs)]
    public void A_task_that_may_not_begin_yet_begins_when_its_ledger_meant_it_to(long aheadMs)
    {
        Announce(aheadMs, spec => spec with { NotBeforeMs = _scheduler.NowMs + aheadMs + 1_000 });
        Assert.Empty(_scheduler.Assigned);
        _scheduler.Pass(500);
        Assert.Empty(_scheduler.Assigned);
        _scheduler.Pass(1_000);
        Assert.Single(_scheduler.Assigned);
    }

    [Fact]
    public void What_a_ledger_of_before_announces_without_its_clock_is_taken_as_it_is()
    {
        var spec = _scheduler.Spec() with { DeadlineMs = _scheduler.NowMs + 30_000 };
        _scheduler.Announce(spec, Announcement.KnownBefore);
        Assert.Equal(30_000, Assigned().RemainingMs);
    }

    private void Announce(long aheadMs, Func<TaskSpec, TaskSpec> timed) => _scheduler.Announce(timed(_scheduler.Spec()), Announcement.At(_scheduler.NowMs + aheadMs, Announcement.KnownBefore));

    private Assignment Assigned() => _scheduler.Effects.Where(effect => effect is { Kind: SchedulerEffectKind.Send, Message.Kind: MessageKind.Assign }).Select(effect => (Assignment)effect.Message.Body!).Single();
}
