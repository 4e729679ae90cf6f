using static Rqml.Queues.TestTasks;

namespace Rqml.Queues;

public sealed class TaskQueueTests
{
    private const long AgeEveryMs = 30_000;
    private readonly TaskQueue<string> _queue = new(capacity: 100, AgeEveryMs);

    [Fact]
    public void Within_a_class_the_more_important_goes_first_then_the_easier_then_the_older()
    {
        _queue.Put(Ticket(4), Ticket(3), Ticket(2, difficulty: 0.1), Ticket(1, priority: -1), Ticket(5, priority: 1, difficulty: 1));
        Assert.Equal([5, 2, 3, 4, 1], _queue.Drain(nowMs: 0));
    }

    [Fact]
    public void A_task_that_waits_gains_a_level_of_priority_every_age()
    {
        _queue.Put(Ticket(1, enqueuedMs: 0), Ticket(2, priority: 2, enqueuedMs: 2 * AgeEveryMs), Ticket(3, priority: 2, enqueuedMs: (2 * AgeEveryMs) - 1));
        Assert.Equal([3, 1, 2], _queue.Drain(nowMs: 2 * AgeEveryMs));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(5)]
    public void A_task_of_low_priority_comes_out_however_many_important_ones_keep_coming(int levels)
    {
        const int arrivalsEachAge = 10;
        _queue.Put(Ticket(0, priority: -levels, difficulty: 1));
        var dequeued = 0;
        for (var number = 1; ; number++)
        {
            var nowMs = number * AgeEveryMs / arrivalsEachAge;
            _queue.Put(Ticket(number, difficulty: 0, enqueuedMs: nowMs));
            if (_queue.Next(nowMs) == 0) break;
            dequeued++;
        }

        Assert.InRange(dequeued, (levels * arrivalsEachAge) - 1, (levels + 1) * arrivalsEachAge);
    }

    [Fact]
    public void Classes_take_turns_whatever_their_priorities_and_lengths()
    {
        for (var i = 0; i < 20; i++) _queue.Put(Ticket(i, "flood", priority: 9));
        _queue.Put(Ticket(30, "trickle"), Ticket(31, "trickle"));
        Assert.Equal([0, 30, 1, 31, 2], _queue.Drain(nowMs: 0)[..5]);
    }

    [Fact]
    public void A_class_sends_as_many_tasks_a_turn_as_its_weight()
    {
        _queue.SetWeight("heavy", 3);
        for (var i = 0; i < 6; i++) _queue.Put(Ticket(i, "heavy"), Ticket(10 + i, "light"));
        Assert.Equal([0, 1, 2, 10, 3, 4, 5, 11, 12, 13, 14, 15], _queue.Drain(nowMs: 0));
    }

    [Fact]
    public void A_task_without_a_model_blocks_nobody()
    {
        _queue.Park("large");
        _queue.Put(Ticket(1, priority: 9) with { Needs = "large" }, Ticket(2), Ticket(3) with { Needs = "small" });
        Assert.Equal([2, 3], _queue.Drain(nowMs: 0));
        Assert.Equal((1, 1), (_queue.Count, _queue.CountParked));
    }

    [Fact]
    public void Parked_tasks_come_back_in_order()
    {
        _queue.Put(Ticket(3) with { Needs = "large" }, Ticket(2), Ticket(1, "other") with { Needs = "large" });
        _queue.Park("large");
        _queue.Put(Ticket(4, priority: 1) with { Needs = "large" });
        Assert.Equal([2], _queue.Drain(nowMs: 0));
        _queue.Unpark("large");
        Assert.Equal(0, _queue.CountParked);
        Assert.Equal([4, 1, 3], _queue.Drain(nowMs: 0));
    }

    [Fact]
    public void Of_the_tasks_with_one_key_one_is_out_at_a_time_in_the_order_of_ids()
    {
        _queue.Put(Keyed(3, priority: 9), Keyed(1), Keyed(2), Ticket(4, priority: -1));
        Assert.Equal([1, 4], _queue.Drain(nowMs: 0));
        Assert.Equal(2, _queue.CountHeldByKey);

        Assert.True(_queue.Release("account", Id(1)));
        Assert.Equal([2], _queue.Drain(nowMs: 0));
        Assert.False(_queue.Release("account", Id(1)));
        Assert.Null(_queue.Next(nowMs: 0));
    }

    [Fact]
    public void A_lower_id_that_comes_while_another_of_its_key_is_out_is_the_next()
    {
        _queue.Put(Keyed(2), Keyed(3));
        Assert.Equal(2, _queue.Next(nowMs: 0));
        _queue.Put(Keyed(1));
        Assert.Null(_queue.Next(nowMs: 0));
        _queue.Release("account", Id(2));
        Assert.Equal(1, _queue.Next(nowMs: 0));
    }

    [Fact]
    public void A_task_whose_assignment_failed_keeps_its_key()
    {
        _queue.Put(Keyed(2));
        Assert.Equal(2, _queue.Next(nowMs: 0));
        _queue.Put(Keyed(1));
        _queue.Requeue("2", Keyed(2));
        Assert.Equal([2], _queue.Drain(nowMs: 0));
        _queue.Release("account", Id(2));
        Assert.Equal([1], _queue.Drain(nowMs: 0));
    }

    [Fact]
    public void A_key_goes_on_when_the_first_of_it_is_cancelled_while_waiting()
    {
        _queue.Put(Keyed(1), Keyed(2));
        Assert.True(_queue.Remove(Id(1)));
        Assert.Equal([2], _queue.Drain(nowMs: 0));
    }

    [Fact]
    public void A_new_leader_holds_the_keys_that_nodes_report()
    {
        _queue.Put(Keyed(1), Keyed(3));
        Assert.True(_queue.Hold("account", Id(2)));
        Assert.False(_queue.Hold("account", Id(5)));
        Assert.Null(_queue.Next(nowMs: 0));
        Assert.True(_queue.Release("account", Id(2)));
        Assert.Equal(1, _queue.Next(nowMs: 0));
    }

    [Fact]
    public void A_delayed_task_waits_for_its_time_and_gains_no_age_before()
    {
        _queue.Put(Ticket(1) with { NotBeforeMs = 10 * AgeEveryMs }, Ticket(2, enqueuedMs: 0));
        Assert.Equal(10 * AgeEveryMs, _queue.NextDueMs);
        Assert.Equal([2], _queue.Drain((10 * AgeEveryMs) - 1));
        Assert.Equal(1, _queue.CountDelayed);

        _queue.Put(Ticket(3, enqueuedMs: (10 * AgeEveryMs) - 1));
        Assert.Equal([3, 1], _queue.Drain(10 * AgeEveryMs));
        Assert.Null(_queue.NextDueMs);
    }

    [Fact]
    public void A_full_queue_refuses_new_tasks_and_takes_returning_ones()
    {
        var queue = new TaskQueue<string>(capacity: 1, AgeEveryMs);
        queue.Put(Ticket(1));
        Assert.Equal(1, queue.Next(nowMs: 0));
        queue.Put(Ticket(2));
        Assert.False(queue.TryEnqueue("3", Ticket(3)));
        Assert.False(queue.Contains(Id(3)));
        queue.Requeue("1", Ticket(1));
        Assert.Equal([1, 2], queue.Drain(nowMs: 0));
    }

    [Fact]
    public void A_task_cannot_wait_twice()
    {
        _queue.Put(Ticket(1));
        Assert.Throws<ArgumentException>(() => _queue.TryEnqueue("1", Ticket(1)));
        Assert.Equal([1], _queue.Drain(nowMs: 0));
    }

    [Theory]
    [InlineData(double.NaN)]
    [InlineData(-0.1)]
    [InlineData(1.1)]
    public void A_difficulty_outside_of_0_to_1_is_refused(double difficulty)
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => _queue.TryEnqueue("1", Ticket(1, difficulty: difficulty)));
        Assert.Equal(0, _queue.Count);
    }

    [Fact]
    public void A_running_task_learns_the_best_aged_priority_that_waits()
    {
        Assert.False(_queue.TryPeekPriority(0, out _));
        _queue.Put(Ticket(1, "a", priority: 2), Ticket(2, "b", priority: 1), Ticket(3, "c", priority: 7) with { Needs = "gone" });
        _queue.Park("gone");
        Assert.True(_queue.TryPeekPriority(0, out var now));
        Assert.True(_queue.TryPeekPriority(3 * AgeEveryMs, out var later));
        Assert.Equal((2, 5), (now, later));
    }

    [Fact]
    public void Statistics_say_where_every_task_waits()
    {
        _queue.Park("large");
        _queue.Put(
            Ticket(1, enqueuedMs: 1024), Ticket(2, enqueuedMs: 4096) with { Needs = "large" }, Ticket(3) with { NotBeforeMs = 9999 },
            Keyed(4) with { Class = "keyed", EnqueuedMs = 2048 }, Keyed(5) with { Class = "keyed", EnqueuedMs = 2048 });
        var statistics = _queue.Statistics(nowMs: 5024);
        Assert.Equal((5, 2, 1, 1, 1, 100), (statistics.Waiting, statistics.Ready, statistics.Parked, statistics.Delayed, statistics.HeldByKey, statistics.Capacity));
        Assert.Equal(new Dictionary<string, int> { [Class] = 3, ["keyed"] = 2 }, statistics.WaitingByClass);
        Assert.Equal(TimeSpan.FromSeconds(4), statistics.OldestWait);
    }

    private static QueueTicket Keyed(int number, int priority = 0) => Ticket(number, priority: priority) with { PartitionKey = "account" };
}
