using System.Diagnostics.Metrics;

namespace GraphColouring;

/// <summary>Counts the checkpoints that were written, from Rqml's own metrics.</summary>
public sealed class CheckpointCount : IDisposable
{
    private readonly MeterListener _listener = new();
    private long _written;

    public CheckpointCount()
    {
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument is { Meter.Name: "Rqml", Name: "rqml.checkpoints.written" }) listener.EnableMeasurementEvents(instrument);
        };
        _listener.SetMeasurementEventCallback<long>((_, more, _, _) => Interlocked.Add(ref _written, more));
        _listener.Start();
    }

    public long Written => Interlocked.Read(ref _written);

    public void Dispose() => _listener.Dispose();
}
