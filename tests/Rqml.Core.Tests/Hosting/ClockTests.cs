using Rqml.Hosting;

namespace Rqml.Core.Tests.Hosting;

public sealed class ClockTests
{
    [Theory]
    [InlineData(1_000_000_000)]
    [InlineData(10_000_000)]
    [InlineData(3_579_545)]
    [InlineData(2_435_999)]
    [InlineData(64)]
    public void A_day_is_a_day_whatever_the_counter_counts(long frequency)
    {
        var time = new Counter(frequency);
        var clock = new Clock(time);
        var beganMs = clock.NowMs;

        time.Timestamp += frequency * 86_400;

        Assert.Equal(beganMs + 86_400_000, clock.NowMs);
    }

    private sealed class Counter(long frequency) : TimeProvider
    {
        public long Timestamp { get; set; } = 12_345;

        public override long TimestampFrequency => frequency;

        public override long GetTimestamp() => Timestamp;

        public override DateTimeOffset GetUtcNow() => DateTimeOffset.UnixEpoch;
    }
}
