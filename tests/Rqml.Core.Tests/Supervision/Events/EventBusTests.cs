using Rqml.Core.Tests;
using static Rqml.Supervision.Events.TestEvents;

namespace Rqml.Supervision.Events;

public sealed class EventBusTests
{
    private static readonly TaskId Ours = TaskId.Create(1, 1, new LedgerId(1));
    private static readonly TaskId Theirs = TaskId.Create(1, 2, new LedgerId(1));

    [Fact]
    public async Task A_subscription_hears_what_happens_from_the_call_on_and_not_before()
    {
        using var events = new TestEvents();
        using var early = events.Bus.Subscribe();
        events.Bus.Publish(Flag(1));
        using var late = events.Bus.Subscribe();
        events.Bus.Publish(Flag(2));
        events.Bus.Dispose();

        Assert.Equal([1, 2], (await AllOf(early)).Select(NumberOf));
        Assert.Equal([2], (await AllOf(late)).Select(NumberOf));
    }

    [Fact]
    public async Task A_reader_that_waits_gets_the_event_when_it_happens()
    {
        using var events = new TestEvents();
        using var subscription = events.Bus.Subscribe();
        await using var reading = subscription.GetAsyncEnumerator();
        var next = reading.MoveNextAsync().AsTask();
        Assert.False(next.IsCompleted);

        events.Bus.Publish(Flag(1));

        Assert.True(await TestStep.Of("the event", next));
        Assert.Equal(1, NumberOf(reading.Current));
    }

    [Fact]
    public async Task A_slow_reader_loses_the_oldest_knows_how_many_and_hurts_only_itself()
    {
        using var events = new TestEvents(Unlimited(capacity: 4));
        using var slow = events.Bus.Subscribe();
        using var prompt = events.Bus.Subscribe();
        await using var reading = prompt.GetAsyncEnumerator();
        for (var number = 1; number <= 10; number++)
        {
            events.Bus.Publish(Flag(number));
            Assert.True(await TestStep.Of("the event", reading.MoveNextAsync().AsTask()));
            Assert.Equal(number, NumberOf(reading.Current));
        }

        events.Bus.Dispose();
        Assert.Equal(0, prompt.Missed);
        Assert.Equal(6, slow.Missed);
        Assert.Equal([7, 8, 9, 10], (await AllOf(slow)).Select(NumberOf));
    }

    [Fact]
    public async Task A_filter_lets_through_kinds_a_class_and_a_task()
    {
        using var events = new TestEvents();
        using var flags = events.Bus.Subscribe(new EventFilter { Kinds = EventKinds.SecurityFlag | EventKinds.NovelFinding });
        using var spikes = events.Bus.Subscribe(new EventFilter { Kinds = EventKinds.PerformanceSpike });
        using var qa = events.Bus.Subscribe(new EventFilter { Class = "qa" });
        using var ours = events.Bus.Subscribe(new EventFilter { Task = Ours });
        events.Bus.Publish(Flag(1));
        events.Bus.Publish(Flag(2, "qa", Theirs));
        events.Bus.Publish(Flag(3, "plans", Ours));
        events.Bus.Dispose();

        Assert.Equal([1, 2, 3], (await AllOf(flags)).Select(NumberOf));
        Assert.Empty(await AllOf(spikes));
        Assert.Equal([2], (await AllOf(qa)).Select(NumberOf));
        Assert.Equal([3], (await AllOf(ours)).Select(NumberOf));
    }

    [Theory]
    [InlineData(EventKinds.None)]
    [InlineData((EventKinds)64)]
    public void A_filter_that_no_event_could_pass_is_refused(EventKinds kinds)
    {
        using var events = new TestEvents();
        var error = Assert.Throws<ArgumentException>(() => events.Bus.Subscribe(new EventFilter { Kinds = kinds }));
        Assert.Contains($"EventFilter.Kinds is '{kinds}'", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Disposing_ends_the_reader_and_gives_up_what_waits()
    {
        using var events = new TestEvents();
        var subscription = events.Bus.Subscribe();
        await using var reading = subscription.GetAsyncEnumerator();
        var next = reading.MoveNextAsync().AsTask();

        subscription.Dispose();
        Assert.False(await TestStep.Of("the end", next));
        Assert.False(events.Bus.IsWanted(EventKinds.All));

        var full = events.Bus.Subscribe();
        events.Bus.Publish(Flag(1));
        full.Dispose();
        full.Dispose();
        Assert.Empty(await AllOf(full));
    }

    [Fact]
    public async Task A_cancelled_reading_leaves_the_subscription_as_it_is()
    {
        using var events = new TestEvents();
        using var subscription = events.Bus.Subscribe();
        using var cancelling = new CancellationTokenSource();
        await using (var reading = subscription.GetAsyncEnumerator(cancelling.Token))
        {
            var next = reading.MoveNextAsync().AsTask();
            await cancelling.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => TestStep.Of("cancelling", next));
        }

        events.Bus.Publish(Flag(1));
        events.Bus.Dispose();
        Assert.Equal([1], (await AllOf(subscription)).Select(NumberOf));
    }

    [Fact]
    public void Nobody_subscribes_to_a_bus_that_has_ended()
    {
        using var events = new TestEvents();
        events.Bus.Dispose();
        Assert.Throws<ObjectDisposedException>(() => events.Bus.Subscribe());
        events.Bus.Publish(Flag(1));      // a node may stop later than the bus
    }

    [Fact]
    public async Task Too_many_of_a_kind_and_class_are_held_back_and_the_next_says_how_many()
    {
        using var events = new TestEvents(new EventOptions { Burst = 3, PerSecond = 2 });
        using var subscription = events.Bus.Subscribe();
        for (var number = 1; number <= 10; number++) events.Bus.Publish(Flag(number, "qa"));
        events.Bus.Publish(Flag(100, "plans"));      // has a share of its own
        events.Time.Advance(TimeSpan.FromSeconds(0.4));
        events.Bus.Publish(Flag(11, "qa"));
        events.Time.Advance(TimeSpan.FromSeconds(0.1));
        events.Bus.Publish(Flag(12, "qa"));
        events.Time.Advance(TimeSpan.FromHours(1));
        for (var number = 13; number <= 16; number++) events.Bus.Publish(Flag(number, "qa"));
        events.Bus.Dispose();

        var heard = await AllOf(subscription);
        Assert.Equal([1, 2, 3, 100, 12, 13, 14, 15], heard.Select(NumberOf));
        Assert.Equal([0, 0, 0, 0, 8, 0, 0, 0], heard.Select(@event => @event.Suppressed));
    }

    [Fact]
    public async Task What_nobody_wants_takes_nobodys_share()
    {
        using var events = new TestEvents(new EventOptions { Burst = 1 });
        using var ours = events.Bus.Subscribe(new EventFilter { Task = Ours });
        for (var number = 1; number <= 10; number++) events.Bus.Publish(Flag(number, "qa", Theirs));
        events.Bus.Publish(Flag(11, "qa", Ours));
        events.Bus.Dispose();

        var @event = Assert.Single(await AllOf(ours));
        Assert.Equal((11, 0), (NumberOf(@event), @event.Suppressed));
    }

    [Fact]
    public async Task Many_publish_and_read_at_once_and_within_the_capacity_nothing_is_lost()
    {
        const int publishers = 8, readers = 4, each = 2_000;
        using var events = new TestEvents(Unlimited(capacity: publishers * each));
        var subscriptions = Enumerable.Range(0, readers).Select(_ => events.Bus.Subscribe()).ToList();
        var reading = subscriptions.Select(subscription => Task.Run(() => AllOf(subscription))).ToList();
        using var comingAndGoing = new CancellationTokenSource();
        var restless = Task.Run(() =>
        {
            while (!comingAndGoing.IsCancellationRequested) events.Bus.Subscribe().Dispose();
        });

        await TestStep.Of("publishing", Task.WhenAll(Enumerable.Range(0, publishers).Select(publisher => Task.Run(() =>
        {
            for (var number = 0; number < each; number++) events.Bus.Publish(Flag((publisher * each) + number));
        }))));
        await comingAndGoing.CancelAsync();
        await TestStep.Of("coming and going", restless);
        events.Bus.Dispose();

        foreach (var heard in await Task.WhenAll(reading))
        {
            Assert.Equal(Enumerable.Range(0, publishers * each), heard.Select(NumberOf).Order());
            foreach (var byPublisher in heard.Select(NumberOf).GroupBy(number => number / each)) Assert.Equal(byPublisher.Order(), byPublisher);
        }

        Assert.All(subscriptions, subscription => Assert.Equal(0, subscription.Missed));
    }

    [Fact]
    public void Without_a_subscription_asking_and_publishing_allocate_nothing()
    {
        using var events = new TestEvents();
        events.Bus.Subscribe().Dispose();
        var publisher = new EventPublisher(events.Bus, new NodeId("a"));
        var flag = Flag(1);
        SayAll();

        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var round = 0; round < 1_000; round++) SayAll();
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);

        void SayAll()
        {
            Assert.False(events.Bus.IsWanted(EventKinds.All));
            events.Bus.Publish(flag);
            var origin = EventOrigin.OfIteration(new Attempt(Ours, default), "qa", 3);
            publisher.ValidatorsJudged(origin, 1, []);
            publisher.ScoreFell(origin, 0.2, 0.9, "small");
            publisher.NoveltyMeasured(origin, 1, 0.5);
            publisher.ConsistencyMeasured(origin, 0, 3, []);
            publisher.PassTook(origin, "small", TimeSpan.FromSeconds(1));
            publisher.Suspected(origin, SecurityConcern.DamagedCheckpoint, "disk");
        }
    }
}
