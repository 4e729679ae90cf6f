using Microsoft.Extensions.Time.Testing;
using Rqml.Core.Tests;
using Rqml.Diagnostics;

namespace Rqml.Supervision.Events;

/// <summary>A bus on a clock that stands still, and events for it.</summary>
internal sealed class TestEvents : IDisposable
{
    public TestEvents(EventOptions? options = null) => Bus = new EventBus(options ?? new EventOptions(), Time, RqmlInstruments.OfProcess.Events);

    public FakeTimeProvider Time { get; } = new();

    public EventBus Bus { get; }

    /// <summary>Nothing is held back.</summary>
    public static EventOptions Unlimited(int capacity = 256) => new() { Capacity = capacity, PerSecond = 10_000, Burst = 1_000_000 };

    /// <summary>A flag that can be told from others by its number.</summary>
    public static SecurityFlag Flag(int number, string? @class = null, TaskId? task = null) =>
        new() { At = DateTimeOffset.UnixEpoch, Class = @class, Task = task, Concern = SecurityConcern.DamagedEntry, Subject = $"{number}" };

    public static int NumberOf(RqmlEvent @event) => int.Parse(((SecurityFlag)@event).Subject, System.Globalization.CultureInfo.InvariantCulture);

    /// <summary>Everything until the subscription ends.</summary>
    public static Task<List<RqmlEvent>> AllOf(EventSubscription subscription)
    {
        return TestStep.Of("end of the subscription", ReadAsync());

        async Task<List<RqmlEvent>> ReadAsync()
        {
            var events = new List<RqmlEvent>();
            await foreach (var @event in subscription) events.Add(@event);
            return events;
        }
    }

    /// <summary>The bus ends, so that those who read come to an end.</summary>
    public void Dispose() => Bus.Dispose();
}
