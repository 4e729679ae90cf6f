using System.Diagnostics.Metrics;

namespace Rqml.Diagnostics;

/// <summary>Counts what a process sees of its coordination store.</summary>
internal sealed class ClusterInstruments(Meter meter)
{
    private readonly Counter<long> _damaged = meter.CreateCounter<long>("rqml.cluster.damaged_entries", "{entry}", "Entries of the coordination store that hold nothing readable.");

    public void EntryDamaged() => _damaged.Add(1);
}
