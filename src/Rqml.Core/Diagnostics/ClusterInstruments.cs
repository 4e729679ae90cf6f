using System.Diagnostics.Metrics;

namespace Rqml.Diagnostics;

/// <summary>Counts what a process sees of its coordination store.</summary>
internal sealed class ClusterInstruments(Meter meter)
{
    private readonly Counter<long> _damaged = meter.CreateCounter<long>("rqml.cluster.damaged_entries", "{entry}", "Entries of the coordination store that hold nothing readable.");

    private readonly Counter<long> _refused = meter.CreateCounter<long>("rqml.cluster.store_refused", "{refusal}", "Times that the coordination store was found to have gone back behind what was known of it.");
    private readonly UpDownCounter<long> _lost = meter.CreateUpDownCounter<long>("rqml.cluster.store_lost", "{node}", "Nodes here that have had no answer from the coordination store for 5 s.");

    public void StoreLost() => _lost.Add(1);

    public void StoreFound() => _lost.Add(-1);

    public void EntryDamaged() => _damaged.Add(1);

    public void StoreRefused() => _refused.Add(1);
}
