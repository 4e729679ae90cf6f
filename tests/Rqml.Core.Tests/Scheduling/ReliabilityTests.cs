using FsCheck.Xunit;

namespace Rqml.Scheduling;

public sealed class ReliabilityTests
{
    private const double Prior = 0.9;

    [Fact]
    public void A_node_never_tried_is_expected_to_finish_nine_of_ten() => Assert.Equal(Prior, default(Reliability).Mean(123_456));

    [Fact]
    public void Each_attempt_moves_the_mean_as_a_Beta_posterior_does()
    {
        var node = default(Reliability).Failed(0).Failed(0).Finished(0);
        Assert.Equal(10.0 / 13, node.Mean(0), precision: 12);
    }

    [Fact]
    public void What_was_seen_counts_half_after_ten_minutes()
    {
        var node = default(Reliability).Failed(0).Failed(0);
        Assert.Equal(9.0 / 11, node.Mean(Reliability.HalfLifeMs), precision: 12);
        Assert.Equal(9.0 / 10.5, node.Mean(2 * Reliability.HalfLifeMs), precision: 12);
        Assert.Equal(9.0 / 12, node.Failed(Reliability.HalfLifeMs).Mean(Reliability.HalfLifeMs), precision: 12);
    }

    [Fact]
    public void A_node_that_failed_a_thousand_times_is_trusted_again_in_the_end()
    {
        var node = default(Reliability);
        for (var i = 0; i < 1000; i++) node = node.Failed(i);
        Assert.InRange(node.Mean(1000), 0.005, 0.01);
        Assert.InRange(node.Mean(1000 + (20 * Reliability.HalfLifeMs)), 0.899, Prior);
    }

    [Fact]
    public void A_clock_that_steps_back_changes_nothing()
    {
        var node = default(Reliability).Failed(1_000_000);
        Assert.Equal(node.Mean(1_000_000), node.Mean(0));
        Assert.Equal(node.Failed(1_000_000), node.Failed(0));
    }

    [Property]
    public void The_mean_stays_between_0_and_1_and_rises_with_what_finished(bool[] finished, ushort[] waits)
    {
        var node = default(Reliability);
        var nowMs = 0L;
        for (var i = 0; i < finished.Length; i++)
        {
            nowMs += i < waits.Length ? waits[i] * 10L : 0;
            var next = finished[i] ? node.Finished(nowMs) : node.Failed(nowMs);
            Assert.True(finished[i] ? next.Mean(nowMs) > node.Mean(nowMs) : next.Mean(nowMs) < node.Mean(nowMs));
            Assert.InRange(next.Mean(nowMs), double.Epsilon, 1 - 1e-15);
            node = next;
        }
    }
}
