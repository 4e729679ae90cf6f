using Rqml.Cluster;

namespace Rqml.Core.Tests.Cluster;

/// <summary>A coordination store as a value: what an exploration can copy, and set back as a restored backup would.</summary>
internal sealed record ModelStore(long Revision, IReadOnlyDictionary<string, CoordinationEntry> Entries, long LastLease, IReadOnlySet<long> Leases)
{
    public static ModelStore Empty { get; } = new(0, new Dictionary<string, CoordinationEntry>(), 0, new HashSet<long>());

    public CoordinationSnapshot Snapshot => new(Revision, [.. Entries.Values.OrderBy(entry => entry.Key, StringComparer.Ordinal)]);

    public ModelStore Grant() => this with { LastLease = LastLease + 1, Leases = new HashSet<long>(Leases) { LastLease + 1 } };

    public ModelStore Expire(long lease)
    {
        var leases = new HashSet<long>(Leases);
        leases.Remove(lease);
        return this with { Revision = Revision + 1, Leases = leases, Entries = Entries.Where(entry => entry.Value.Lease.Value != lease).ToDictionary() };
    }

    /// <summary>The store after the transaction; itself where a compare does not hold, or a lease is gone.</summary>
    public ModelStore Commit(CoordinationTransaction transaction)
    {
        if (!transaction.Compares.All(Holds)) return this;
        if (transaction.Changes.Any(change => change is Change.Put { Lease: var lease } && lease != LeaseId.None && !Leases.Contains(lease.Value))) return this;
        var entries = new Dictionary<string, CoordinationEntry>(Entries);
        foreach (var change in transaction.Changes)
        {
            if (change is Change.Put put) entries[put.Key] = new CoordinationEntry(put.Key, put.Value, Revision + 1, Revision + 1, put.Lease);
            else entries.Remove(change.Key);
        }

        return this with { Revision = Revision + 1, Entries = entries };
    }

    public string Describe() =>
        $"{Revision}/{LastLease}/{string.Join(',', Leases.Order())}/{string.Join(',', Snapshot.Entries.Select(entry => $"{entry.Key}={Convert.ToHexString(entry.Value.Span)}@{entry.ModifiedRevision}l{entry.Lease.Value}"))}";

    private bool Holds(Compare compare) => compare switch
    {
        Compare.Absent => !Entries.ContainsKey(compare.Key),
        Compare.ModifiedAt at => Entries.TryGetValue(at.Key, out var entry) && entry.ModifiedRevision == at.Revision,
        _ => throw new InvalidOperationException("Leadership compares revisions alone."),
    };
}
