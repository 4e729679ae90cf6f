namespace Rqml.Cluster;

/// <summary>Names a lease of the coordination store; zero is "none".</summary>
public readonly record struct LeaseId(long Value)
{
    /// <summary>No lease: the key stays until it is deleted.</summary>
    public static LeaseId None => default;
}

/// <summary>One key of the coordination store. <paramref name="ModifiedRevision"/> grows with every write of the key; <paramref name="CreatedRevision"/> stays until it is deleted.</summary>
public sealed record CoordinationEntry(string Key, ReadOnlyMemory<byte> Value, long CreatedRevision, long ModifiedRevision, LeaseId Lease);

/// <summary>What a prefix held at a revision. Immutable.</summary>
public sealed record CoordinationSnapshot(long Revision, IReadOnlyList<CoordinationEntry> Entries)
{
    /// <summary>The entry of that key, or null.</summary>
    public CoordinationEntry? Find(string key)
    {
        for (var index = 0; index < Entries.Count; index++)
        {
            if (Entries[index].Key == key) return Entries[index];
        }

        return null;
    }
}
