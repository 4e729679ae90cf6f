using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using Rqml.Core.Tests.Hosting;
using Rqml.Diagnostics;
using Rqml.Storage;
using Rqml.Supervision.Events;

namespace Rqml.Core.Tests.Diagnostics;

public sealed class InstrumentTests
{
    private static readonly TaskClass<int, int> Count = new("count");

    [Fact]
    public async Task What_happens_to_tasks_is_counted()
    {
        using var meters = new Meters();
        using var heard = new Heard(meters);
        await using (var host = await TestHost.StartAsync(Configure, services => services.AddSingleton<IMeterFactory>(meters)))
        {
            for (var i = 0; i < 10; i++) await TestHost.Step("completion", (await host.Client.SubmitAsync(Count, i)).Completion);
            await Assert.ThrowsAsync<UnknownTaskClassException>(async () => await host.Client.SubmitAsync(new TaskClass<int, int>("nobody"), 1));
            await Assert.ThrowsAsync<ArgumentOutOfRangeException>(async () => await host.Client.SubmitAsync(Count, 1, new SubmitOptions { Priority = 5_000 }));
        }

        Assert.Equal(10, heard["rqml.tasks.submitted"]);
        Assert.Equal(10, heard["rqml.tasks.settled"]);
        Assert.Equal(0, heard["rqml.tasks.open"]);
        Assert.Equal(2, heard["rqml.tasks.refused"]);
        Assert.Equal(10, heard["rqml.scheduler.assigned"]);
        Assert.Equal(20, heard.Times("rqml.queue.wait"));      // a failed pass gives its lane up for a pause
        Assert.Equal(10, heard.Times("rqml.task.duration"));
        Assert.Equal(30, heard.Times("rqml.pass.duration"));
        Assert.Equal(10, heard["rqml.passes.failed"]);
        await TestHost.Until("every lane is free", () => heard["rqml.lanes.busy"] == 0);      // a worker that has said so may still be on its way out
        Assert.True(heard["rqml.checkpoints.written"] > 0, "No checkpoint was counted.");
        Assert.True(heard.Times("rqml.store.commit.duration") > 0, "No commit was measured.");
    }

    [Fact]
    public async Task Results_beyond_those_that_a_host_keeps_are_forgotten_counted_and_told_of()
    {
        using var meters = new Meters();
        using var heard = new Heard(meters);
        var logs = new KeptLogs();
        await using var host = await TestHost.StartAsync(
            rqml => rqml.AddWords(Words.Echo).Configure(options => (options.KeepResults, options.MaxKeptResults) = (TimeSpan.FromHours(1), 1)),
            services => services.AddSingleton<IMeterFactory>(meters).AddLogging(logging => logging.AddProvider(logs)));
        var first = await host.Client.SubmitAsync(Words.Class, "a");
        await TestHost.Step("completion", first.Completion);
        Assert.Equal(first.Id, (await host.Client.AttachAsync(Words.Class, first.Id)).Id);

        var second = await host.Client.SubmitAsync(Words.Class, "b");
        await TestHost.Step("completion", second.Completion);
        await TestHost.Until("one is forgotten", () => heard["rqml.results.forgotten"] == 1);

        await Assert.ThrowsAsync<UnknownTaskException>(async () => await host.Client.AttachAsync(Words.Class, first.Id));
        Assert.Equal(second.Id, (await host.Client.AttachAsync(Words.Class, second.Id)).Id);
        await TestHost.Until("it is told of", () => logs.Lines.Any(line => line.StartsWith($"Warning 1102 The result of {first.Id} ", StringComparison.Ordinal)));
    }

    [Fact]
    public void What_happens_to_events_is_counted()
    {
        using var meters = new Meters();
        using var heard = new Heard(meters);
        using var bus = new EventBus(new EventOptions { Burst = 5, Capacity = 3 }, new FakeTimeProvider(), RqmlInstruments.Of(meters).Events);
        using var everything = bus.Subscribe();
        using var nothing = bus.Subscribe(new EventFilter { Kinds = EventKinds.NovelFinding });
        for (var number = 0; number < 12; number++) bus.Publish(TestEvents.Flag(number));

        Assert.Equal(5, heard["rqml.events.published"]);
        Assert.Equal(7, heard["rqml.events.suppressed"]);
        Assert.Equal(2, heard["rqml.events.missed"]);
    }

    [Fact]
    public void Names_and_units_are_those_of_OpenTelemetry()
    {
        using var meters = new Meters();
        using var heard = new Heard(meters);
        RqmlInstruments.Of(meters);

        Assert.Equal(heard.Published.DistinctBy(instrument => instrument.Name).Count(), heard.Published.Count);
        foreach (var instrument in heard.Published)
        {
            Assert.Matches("^rqml(\\.[a-z_]+)+$", instrument.Name);
            Assert.Matches("^(s|By|\\{[a-z]+\\})$", instrument.Unit);
            Assert.EndsWith(".", instrument.Description, StringComparison.Ordinal);
        }
    }

    /// <summary>Three iterations, of which the first fails once.</summary>
    private static void Configure(IRqmlBuilder rqml)
    {
        var stumbled = new ConcurrentDictionary<TaskId, bool>();
        rqml.UseStore("memory", _ => new InMemoryKeyValueStore()).AddTaskClass(Count, count => count
            .AddModel("count", (context, _) => stumbled.TryAdd(context.Attempt.Task, true) ? throw new InvalidOperationException("Once.") : new(context.Artifact + 1))
            .Limit(iterations: 3));
    }

    private sealed class Meters : IMeterFactory
    {
        private readonly List<Meter> _made = [];

        public Meter Create(MeterOptions options)
        {
            options.Scope = this;
            var meter = new Meter(options);
            _made.Add(meter);
            return meter;
        }

        public void Dispose() => _made.ForEach(meter => meter.Dispose());
    }

    /// <summary>Adds up what the instruments of one host say.</summary>
    private sealed class Heard : IDisposable
    {
        private readonly MeterListener _listener = new();
        private readonly ConcurrentDictionary<string, long> _sums = new();
        private readonly ConcurrentDictionary<string, int> _times = new();

        public Heard(Meters meters)
        {
            _listener.InstrumentPublished = (instrument, listener) =>
            {
                if (!ReferenceEquals(instrument.Meter.Scope, meters)) return;
                Published.Add(instrument);
                listener.EnableMeasurementEvents(instrument);
            };
            _listener.SetMeasurementEventCallback<long>((instrument, value, _, _) => _sums.AddOrUpdate(instrument.Name, value, (_, sum) => sum + value));
            _listener.SetMeasurementEventCallback<double>((instrument, _, _, _) => _times.AddOrUpdate(instrument.Name, 1, (_, times) => times + 1));
            _listener.Start();
        }

        public List<Instrument> Published { get; } = [];

        public long this[string instrument] => _sums.GetValueOrDefault(instrument);

        public int Times(string instrument) => _times.GetValueOrDefault(instrument);

        public void Dispose() => _listener.Dispose();
    }
}
