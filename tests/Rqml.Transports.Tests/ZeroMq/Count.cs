using System.Diagnostics.Metrics;
using Rqml.Transports.ZeroMq;

namespace Rqml.Transports.Tests.ZeroMq;

/// <summary>What one of the transport's instruments has counted since.</summary>
internal sealed class Count : IDisposable
{
    private readonly MeterListener _listener = new();
    private readonly Lock _lock = new();
    private readonly List<(long Value, TaskCompletionSource Reached)> _awaited = [];
    private long _value;

    public Count(string instrument)
    {
        _listener.InstrumentPublished = (published, listener) =>
        {
            if (published.Meter.Name == ZeroMqInstruments.MeterName && published.Name == instrument) listener.EnableMeasurementEvents(published);
        };
        _listener.SetMeasurementEventCallback<long>((_, measured, _, _) => Add(measured));
        _listener.Start();
    }

    public long Value
    {
        get { lock (_lock) return _value; }
    }

    public Task UntilAsync(long value)
    {
        var reached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_lock)
        {
            if (_value == value) return Task.CompletedTask;
            _awaited.Add((value, reached));
        }

        return reached.Task;
    }

    public void Dispose() => _listener.Dispose();

    private void Add(long measured)
    {
        lock (_lock)
        {
            _value += measured;
            foreach (var (value, reached) in _awaited)
            {
                if (value == _value) reached.TrySetResult();
            }
        }
    }
}
