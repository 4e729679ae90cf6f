using System.Diagnostics.Metrics;

namespace Rqml.Diagnostics;

/// <summary>Counts tasks at the ledger: taken, refused at the door, settled.</summary>
internal sealed class TaskInstruments(Meter meter)
{
    private readonly Counter<long> _submitted = meter.CreateCounter<long>("rqml.tasks.submitted", "{task}", "Tasks that a ledger took.");
    private readonly Counter<long> _refused = meter.CreateCounter<long>("rqml.tasks.refused", "{task}", "Submissions that were refused, by reason.");
    private readonly Counter<long> _settled = meter.CreateCounter<long>("rqml.tasks.settled", "{task}", "Tasks settled, by outcome.");
    private readonly UpDownCounter<long> _open = meter.CreateUpDownCounter<long>("rqml.tasks.open", "{task}", "Tasks taken and not settled.");
    private readonly Counter<long> _forgottenEarly = meter.CreateCounter<long>("rqml.results.forgotten", "{result}", "Results that were forgotten before their time, as too many are kept.");
    private readonly Histogram<double> _duration = meter.CreateDuration("rqml.task.duration", "From submission to settlement.");

    public void Submitted(string @class)
    {
        _submitted.Add(1, Class(@class));
        _open.Add(1, Class(@class));
    }

    /// <summary>Found open at a start.</summary>
    public void Recovered(string @class) => _open.Add(1, Class(@class));

    public void Refused(string reason) => _refused.Add(1, new KeyValuePair<string, object?>("rqml.reason", reason));

    public void Settled(string @class, Outcome outcome, long durationMs)
    {
        if (_settled.Enabled) _settled.Add(1, Class(@class), new KeyValuePair<string, object?>("rqml.outcome", outcome.ToString()));
        _open.Add(-1, Class(@class));
        _duration.Record(durationMs / 1_000.0, Class(@class));
    }

    public void ForgottenEarly() => _forgottenEarly.Add(1);

    private static KeyValuePair<string, object?> Class(string @class) => new("rqml.class", @class);
}
