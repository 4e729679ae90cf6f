using FsCheck.Xunit;
using Rqml.Models;
using Rqml.Tasks;

namespace Rqml.Core.Tests.Models.Concurrency;

public sealed class ConcurrencyLimitTests
{
    /// <summary>Above what the server serves at once by no more than the tolerance and the root that keep it busy; half of it while a probe looks.</summary>
    [Theory]
    [InlineData(2, 0)]
    [InlineData(8, 0)]
    [InlineData(32, 0)]
    [InlineData(8, 0.5)]
    [InlineData(32, 0.5)]
    [InlineData(8, 1)]
    [InlineData(32, 1)]
    public void From_below_it_settles_near_what_the_model_serves_at_once(int capacity, double spread)
    {
        var limit = new ConcurrencyLimit(ModelConcurrency.Adaptive(1, 128));
        var server = new QueueingServer(limit, seed: 1) { Capacity = capacity, Spread = spread };

        server.Complete(5_000);

        AssertSettled(server.Complete(15_000), capacity);
        Assert.InRange(server.Throughput(20_000), 0.93 * 10 * capacity, 1.02 * 10 * capacity);
    }

    [Theory]
    [InlineData(2, 0)]
    [InlineData(8, 0.5)]
    [InlineData(16, 1)]
    public void From_above_it_falls_to_what_the_model_serves_at_once(int capacity, double spread)
    {
        var limit = new ConcurrencyLimit(ModelConcurrency.Adaptive(1, 128));
        var server = new QueueingServer(limit, seed: 1) { Capacity = 128, Spread = spread };
        server.Complete(10_000);
        Assert.True(limit.Limit > 100);

        server.Capacity = capacity;
        server.Complete(20_000);

        AssertSettled(server.Complete(10_000), capacity);
    }

    [Fact]
    public void A_model_that_grows_is_made_use_of()
    {
        var limit = new ConcurrencyLimit(ModelConcurrency.Adaptive(1, 128));
        var server = new QueueingServer(limit, seed: 1) { Capacity = 4, Spread = 0.5 };
        server.Complete(5_000);
        server.Capacity = 32;
        server.Complete(3_000);
        AssertSettled(server.Complete(10_000), capacity: 32);
    }

    [Theory]
    [InlineData(0.2)]
    [InlineData(5)]
    public void A_model_whose_calls_all_become_shorter_or_longer_keeps_its_limit(double times)
    {
        var limit = new ConcurrencyLimit(ModelConcurrency.Adaptive(1, 128));
        var server = new QueueingServer(limit, seed: 1) { Capacity = 16, Spread = 0.5 };
        server.Complete(5_000);
        server.ServiceMs *= times;
        server.Complete(5_000);
        AssertSettled(server.Complete(10_000), capacity: 16);
    }

    [Theory]
    [InlineData(10)]
    [InlineData(40)]
    public void A_model_that_refuses_is_seldom_asked_too_much_and_well_used(int refusesFrom)
    {
        var limit = new ConcurrencyLimit(ModelConcurrency.Adaptive(1, 128));
        var server = new QueueingServer(limit, seed: 1) { Capacity = 1_000, RefusesFrom = refusesFrom, Spread = 0.5 };
        server.Complete(2_000);
        var before = server.Refused;

        var limits = server.Complete(20_000);

        Assert.InRange(limits.Average(), 0.75 * refusesFrom, refusesFrom);
        Assert.InRange(server.Refused - before, 1, 20_000 / 10);
    }

    [Fact]
    public void One_round_of_refusals_is_one_step_down()
    {
        var limit = Grown(to: 40);
        var permits = Enter(limit, 40);
        foreach (var permit in permits) limit.Leave(permit, 1, CallOutcome.Overloaded);
        Assert.Equal(28, limit.Limit);

        limit.Leave(Enter(limit, 1)[0], 1, CallOutcome.Overloaded);
        Assert.Equal(19, limit.Limit);
    }

    [Fact]
    public void Refusals_without_end_leave_the_fewest()
    {
        var limit = Grown(to: 40);
        for (var i = 0; i < 100; i++) limit.Leave(Enter(limit, 1)[0], 1, CallOutcome.Overloaded);
        Assert.Equal(1, limit.Limit);
        Assert.True(limit.TryEnter(out _));
        Assert.False(limit.TryEnter(out _));
    }

    [Fact]
    public void After_refusals_have_ended_it_recovers()
    {
        var limit = new ConcurrencyLimit(ModelConcurrency.Adaptive(1, 64));
        var server = new QueueingServer(limit, seed: 1) { Capacity = 1_000, RefusesFrom = 4 };
        server.Complete(1_000);
        Assert.InRange(limit.Limit, 2, 4);
        server.RefusesFrom = int.MaxValue;
        server.Complete(6_000);
        Assert.Equal(64, server.Complete(1_000).Max());
    }

    [Fact]
    public void A_limit_that_is_not_made_use_of_does_not_grow()
    {
        var limit = new ConcurrencyLimit(ModelConcurrency.Adaptive(1, 128));
        var server = new QueueingServer(limit, seed: 1) { Capacity = 1_000, Wanted = 5 };
        var limits = server.Complete(10_000);
        Assert.InRange(limits.Max(), 5, 14);                    // up to twice what is wanted, and one step
    }

    [Fact]
    public void Failed_and_abandoned_calls_change_nothing()
    {
        var limit = Grown(to: 40);
        for (var i = 0; i < 1_000; i++) limit.Leave(Enter(limit, 1)[0], 1e9, i % 2 == 0 ? CallOutcome.Failed : CallOutcome.Abandoned);
        Assert.Equal((40, 0), (limit.Limit, limit.InFlight));
    }

    [Fact]
    public void A_fixed_limit_stays_whatever_calls_tell()
    {
        var limit = new ConcurrencyLimit(ModelConcurrency.Fixed(3));
        var server = new QueueingServer(limit, seed: 1) { Capacity = 1, RefusesFrom = 2 };
        Assert.All(server.Complete(1_000), now => Assert.Equal(3, now));
    }

    [Property(MaxTest = 300)]
    public void Nobody_enters_at_the_limit_and_the_limit_stays_in_its_range(byte from, byte more, int seed)
    {
        var random = new SplitMix64((ulong)seed);
        var (min, max) = (1 + (from % 16), 1 + (from % 16) + (more % 32));
        var limit = new ConcurrencyLimit(ModelConcurrency.Adaptive(min, max));
        var calls = new List<CallPermit>();
        for (var step = 0; step < 2_000; step++)
        {
            var (inFlight, at) = (limit.InFlight, limit.Limit);
            if (random.NextInt(2) == 0)
            {
                var entered = limit.TryEnter(out var permit);
                Assert.Equal(inFlight < at, entered);
                if (entered) calls.Add(permit);
            }
            else if (calls.Count > 0)
            {
                var call = random.NextInt(calls.Count);
                limit.Leave(calls[call], random.NextDouble() * Math.Pow(10, random.NextInt(6)), random.NextInt(20) == 0 ? CallOutcome.Overloaded : (CallOutcome)(random.NextInt(2) * random.NextInt(4)));
                calls.RemoveAt(call);
            }

            Assert.Equal(calls.Count, limit.InFlight);
            Assert.InRange(limit.Limit, min, max);
        }
    }

    [Fact]
    public async Task Many_lanes_may_enter_and_leave_at_once()
    {
        var limit = new ConcurrencyLimit(ModelConcurrency.Adaptive(2, 8));
        var inside = 0;
        await Parallel.ForAsync(0, 50_000, (step, _) =>
        {
            if (!limit.TryEnter(out var permit)) return ValueTask.CompletedTask;
            Assert.InRange(Interlocked.Increment(ref inside), 1, 8);
            Interlocked.Decrement(ref inside);
            limit.Leave(permit, 1 + (step % 3), step % 1_000 == 0 ? CallOutcome.Overloaded : CallOutcome.Succeeded);
            return ValueTask.CompletedTask;
        });
        Assert.Equal(0, limit.InFlight);
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    public void What_is_no_latency_is_refused(double latencyMs)
    {
        var limit = new ConcurrencyLimit(ModelConcurrency.Fixed(1));
        Assert.True(limit.TryEnter(out var permit));
        Assert.Throws<ArgumentOutOfRangeException>(() => limit.Leave(permit, latencyMs, CallOutcome.Succeeded));
    }

    private static void AssertSettled(int[] limits, int capacity)
    {
        var settled = (1.1 * capacity) + Math.Sqrt(1.1 * capacity);
        Assert.InRange(limits.Average(), 0.9 * capacity, (1.2 * settled) + 2);
        Assert.InRange(limits.Count(limit => limit < capacity), 0, limits.Length / 8);      // while a probe looks, and on the way back from it
    }

    private static ConcurrencyLimit Grown(int to)
    {
        var limit = new ConcurrencyLimit(ModelConcurrency.Adaptive(1, to));
        var server = new QueueingServer(limit, seed: 1) { Capacity = 1_000 };
        while (limit.Limit < to) server.Complete(1);
        server.Abandon();
        return limit;
    }

    private static CallPermit[] Enter(ConcurrencyLimit limit, int calls)
    {
        var permits = new CallPermit[calls];
        for (var i = 0; i < calls; i++) Assert.True(limit.TryEnter(out permits[i]));
        return permits;
    }
}
