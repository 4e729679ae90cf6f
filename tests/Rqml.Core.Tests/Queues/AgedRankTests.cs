using FsCheck.Xunit;

namespace Rqml.Queues;

public sealed class AgedRankTests
{
    [Property]
    public void The_order_of_ranks_is_the_order_of_aged_priorities_at_any_time(int priority, int otherPriority, uint sinceMs, uint otherSinceMs, uint laterMs, ushort age)
    {
        var ageEveryMs = age + 1L;
        var first = AgedRank.Of(priority, 0, sinceMs, ageEveryMs);
        var other = AgedRank.Of(otherPriority, 0, otherSinceMs, ageEveryMs);
        var nowMs = Math.Max(sinceMs, otherSinceMs) + (long)laterMs;
        var aged = priority + Level(nowMs) - Level(sinceMs);
        var otherAged = otherPriority + Level(nowMs) - Level(otherSinceMs);
        Assert.Equal(Math.Sign(otherAged - aged), Math.Sign(first.Value.CompareTo(other.Value)));

        long Level(long ms) => (long)Math.Floor((decimal)ms / ageEveryMs);
    }

    [Property]
    public void A_task_gains_a_level_an_age_and_at_most_one_more(short priority, uint sinceMs, uint waitedMs, ushort age)
    {
        var ageEveryMs = age + 1L;
        var gained = AgedRank.Of(priority, 1, sinceMs, ageEveryMs).PriorityAt((long)sinceMs + waitedMs, ageEveryMs) - priority;
        Assert.InRange(gained, (int)Math.Min(int.MaxValue / 2, waitedMs / ageEveryMs), (int)(waitedMs / ageEveryMs) + 1);
    }

    [Fact]
    public void Difficulty_never_outweighs_a_level() =>
        Assert.True(AgedRank.Of(priority: 1, difficulty: 1, sinceMs: 0, ageEveryMs: 1000) < AgedRank.Of(priority: 0, difficulty: 0, sinceMs: 0, ageEveryMs: 1000));

    [Theory]
    [InlineData(long.MaxValue, int.MinValue)]
    [InlineData(long.MinValue, int.MaxValue)]
    public void Times_and_priorities_at_the_ends_of_their_ranges_keep_their_order(long sinceMs, int priority)
    {
        var extreme = AgedRank.Of(priority, 0.5, sinceMs, ageEveryMs: 1);
        var usual = AgedRank.Of(0, 0.5, 0, ageEveryMs: 1);
        Assert.Equal(sinceMs < 0, extreme < usual);
    }
}
