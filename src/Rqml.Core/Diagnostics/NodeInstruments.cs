using System.Diagnostics.Metrics;

namespace Rqml.Diagnostics;

/// <summary>Counts what happens on a node's lanes.</summary>
internal sealed class NodeInstruments(Meter meter)
{
    private readonly Histogram<double> _waited = meter.CreateDuration("rqml.queue.wait", "From a place in the inbound or refinement queue to a lane.");
    private readonly Histogram<double> _pass = meter.CreateDuration("rqml.pass.duration", "One model call with its assessment.");
    private readonly Counter<long> _passFailed = meter.CreateCounter<long>("rqml.passes.failed", "{pass}", "Model calls that threw, by the exception's type.");
    private readonly Counter<long> _workerDied = meter.CreateCounter<long>("rqml.workers.died", "{worker}", "Workers that died under an attempt.");
    private readonly Counter<long> _workerAbandoned = meter.CreateCounter<long>("rqml.workers.abandoned", "{worker}", "Workers that hung, or did not stop when told to, and were given up.");
    private readonly Counter<long> _validatorFailed = meter.CreateCounter<long>("rqml.validators.failed", "{call}", "Validators that threw and so abstained.");
    private readonly Counter<long> _attemptRefused = meter.CreateCounter<long>("rqml.attempts.refused", "{attempt}", "Assignments that a node did not take, by reason.");
    private readonly Counter<long> _selfAttempts = meter.CreateCounter<long>("rqml.attempts.self", "{attempt}", "Attempts that a node gave itself, as it heard of no leader.");
    private readonly Counter<long> _superseded = meter.CreateCounter<long>("rqml.attempts.superseded", "{attempt}", "Unfinished attempts that were dropped: the task was settled, or is elsewhere.");
    private readonly Counter<long> _resultDropped = meter.CreateCounter<long>("rqml.results.dropped", "{result}", "Results that were kept no longer as their submitter was down, by reason.");
    private readonly UpDownCounter<long> _degraded = meter.CreateUpDownCounter<long>("rqml.nodes.degraded", "{node}", "Nodes here that do not hear their scheduler.");
    private readonly UpDownCounter<long> _busy = meter.CreateUpDownCounter<long>("rqml.lanes.busy", "{lane}", "Lanes at work, by kind of device.");

    /// <summary>A run got its lane.</summary>
    public void Dequeued(string @class, long waitedMs) => _waited.Record(Math.Max(0, waitedMs) / 1_000.0, new KeyValuePair<string, object?>("rqml.class", @class));

    public void LaneTaken(string device) => _busy.Add(1, new KeyValuePair<string, object?>("rqml.device", device));

    public void LaneReturned(string device) => _busy.Add(-1, new KeyValuePair<string, object?>("rqml.device", device));

    public void Passed(string @class, string model, long tookMs) =>
        _pass.Record(tookMs / 1_000.0, new("rqml.class", @class), new("rqml.model", model));

    public void PassFailed(string @class, string model, Exception error) =>
        _passFailed.Add(1, new("rqml.class", @class), new("rqml.model", model), new("error.type", error.GetType().FullName));

    public void WorkerDied() => _workerDied.Add(1);

    public void WorkerAbandoned() => _workerAbandoned.Add(1);

    public void ValidatorFailed(string @class) => _validatorFailed.Add(1, new KeyValuePair<string, object?>("rqml.class", @class));

    public void SelfAttempts(long attempts)
    {
        if (attempts > 0) _selfAttempts.Add(attempts);
    }

    public void Superseded(long attempts)
    {
        if (attempts > 0) _superseded.Add(attempts);
    }

    public void ResultDropped(string reason) => _resultDropped.Add(1, new KeyValuePair<string, object?>("rqml.reason", reason));

    /// <summary>A node hears its scheduler no longer.</summary>
    public void Degraded() => _degraded.Add(1);

    public void Recovered() => _degraded.Add(-1);

    public void AttemptRefused(string reason) => _attemptRefused.Add(1, new KeyValuePair<string, object?>("rqml.reason", reason));
}
