using FsCheck;
using FsCheck.Xunit;

namespace Rqml.Supervision.Events;

public sealed class EventRatesTests
{
    [Property]
    public void No_stretch_of_time_lets_through_more_than_the_burst_and_its_rate(ushort[] waitsMs, PositiveInt perSecond, PositiveInt burst)
    {
        var rates = new EventRates(perSecond.Get, burst.Get);
        var passed = new List<long>();
        var (nowMs, suppressed, told) = (0L, 0L, 0L);
        foreach (var waitMs in waitsMs)
        {
            nowMs += waitMs % 300;
            if (rates.TryPass(EventKinds.NovelFinding, "qa", nowMs, out var before)) passed.Add(nowMs);
            else suppressed++;
            told += before;
        }

        for (var first = 0; first < passed.Count; first++)
        {
            for (var last = first; last < passed.Count; last++)
            {
                Assert.True(last - first + 1 <= burst.Get + ((passed[last] - passed[first]) * perSecond.Get / 1_000.0) + 1e-6, $"{last - first + 1} passed in {passed[last] - passed[first]} ms.");
            }
        }

        nowMs += 1_000_000;
        Assert.True(rates.TryPass(EventKinds.NovelFinding, "qa", nowMs, out var rest));
        Assert.Equal(suppressed, told + rest);
    }

    [Fact]
    public void A_clock_that_steps_back_gives_nothing_away()
    {
        var rates = new EventRates(perSecond: 1, burst: 1);
        Assert.True(rates.TryPass(EventKinds.NovelFinding, null, 10_000, out _));
        Assert.False(rates.TryPass(EventKinds.NovelFinding, null, 5_000, out _));
        Assert.False(rates.TryPass(EventKinds.NovelFinding, null, 10_999, out _));
        Assert.True(rates.TryPass(EventKinds.NovelFinding, null, 11_000, out var suppressed));
        Assert.Equal(2, suppressed);
    }

    [Fact]
    public void Classes_without_end_cost_no_memory_without_end_and_still_pass()
    {
        var rates = new EventRates(perSecond: 1, burst: 2);
        for (var number = 0; number < 10_000; number++) rates.TryPass(EventKinds.NovelFinding, $"class {number}", 0, out _);
        Assert.InRange(rates.Buckets, 1_000, EventRates.MaxBuckets + 5);
        Assert.True(rates.TryPass(EventKinds.NovelFinding, "class 7", 0, out _));
        Assert.False(rates.TryPass(EventKinds.NovelFinding, "class 9999", 0, out _));
        Assert.True(rates.TryPass(EventKinds.NovelFinding, "class 9999", 1_000, out _));
    }
}
