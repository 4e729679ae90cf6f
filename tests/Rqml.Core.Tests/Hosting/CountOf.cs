using System.Diagnostics.Metrics;

namespace Rqml.Core.Tests.Hosting;

/// <summary>The meters of one host, and what one of its counters came to under one tag.</summary>
internal sealed class CountOf : IMeterFactory
{
    private readonly MeterListener _listener = new();
    private readonly List<Meter> _meters = [];
    private int _count;

    public CountOf(string counter, string tag, string value)
    {
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (_meters.Contains(instrument.Meter) && instrument.Name == counter) listener.EnableMeasurementEvents(instrument);
        };
        _listener.SetMeasurementEventCallback<long>((_, count, tags, _) =>
        {
            foreach (var one in tags)
            {
                if (one.Key == tag && Equals(one.Value, value)) Interlocked.Add(ref _count, (int)count);
            }
        });
        _listener.Start();
    }

    public int Count => Volatile.Read(ref _count);

    /// <summary>Passes that failed with an error of that type.</summary>
    public static CountOf FailedPasses(Type error) => new("rqml.passes.failed", "error.type", error.FullName!);

    public Meter Create(MeterOptions options)
    {
        var meter = new Meter(options);
        _meters.Add(meter);
        return meter;
    }

    public void Dispose()
    {
        _listener.Dispose();
        foreach (var meter in _meters) meter.Dispose();
    }
}
