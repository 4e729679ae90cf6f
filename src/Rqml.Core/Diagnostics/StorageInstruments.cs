using System.Diagnostics.Metrics;

namespace Rqml.Diagnostics;

/// <summary>Measures the group commits of a node's store.</summary>
internal sealed class StorageInstruments(Meter meter)
{
    private readonly Histogram<double> _commit = meter.CreateDuration("rqml.store.commit.duration", "One group commit, until it was durable.");
    private readonly Counter<long> _bytes = meter.CreateCounter<long>("rqml.store.committed", "By", "Bytes that were committed, keys and values.");
    private readonly Counter<long> _failed = meter.CreateCounter<long>("rqml.store.failed", "{commit}", "Commits that failed; the store stops with the first.");

    public void Committed(TimeSpan took, int bytes)
    {
        _commit.Record(took.TotalSeconds);
        _bytes.Add(bytes);
    }

    public void Failed() => _failed.Add(1);
}
