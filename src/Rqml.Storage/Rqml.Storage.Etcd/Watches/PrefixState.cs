using System.Collections.Immutable;
using Rqml.Cluster;
using Rqml.Storage.Etcd.Calls;
using Rqml.Storage.Etcd.Protocol;
using Rqml.Storage.Etcd.Reads;

namespace Rqml.Storage.Etcd.Watches;

/// <summary>What a prefix holds at a revision, made from a read and the changes after it. Immutable, so that making one costs as much as its changes.</summary>
internal sealed class PrefixState
{
    private readonly ImmutableSortedDictionary<string, CoordinationEntry> _entries;

    private PrefixState(long revision, ImmutableSortedDictionary<string, CoordinationEntry> entries) => (Revision, _entries) = (revision, entries);

    public long Revision { get; }

    public static PrefixState Of(CoordinationSnapshot read) =>
        new(read.Revision, read.Entries.ToImmutableSortedDictionary(entry => entry.Key, entry => entry, StringComparer.Ordinal));

    /// <summary>After those changes.</summary>
    /// <exception cref="InvalidAnswerException">A change is older than what is known, or is none of this prefix.</exception>
    public PrefixState After(IReadOnlyList<Event> changes, in KeyRange range)
    {
        if (changes.Count == 0) return this;
        var entries = _entries.ToBuilder();
        var revision = Revision;
        foreach (var change in changes)
        {
            if (change.Kv is not { } changed || changed.ModRevision <= Revision || changed.ModRevision < revision) throw new InvalidAnswerException($"a change of before revision {revision}");
            if (!range.Contains(changed.Key)) throw new InvalidAnswerException("a change of a key that nobody watches");
            revision = changed.ModRevision;
            if (change.Type == Event.Types.EventType.Delete)
            {
                if (KeyRange.Key(changed.Key) is { } key) entries.Remove(key);
            }
            else
            {
                Entries.Check(changed, range, revision);
                if (Entries.Read(changed) is { } entry) entries[entry.Key] = entry;
            }
        }

        return new PrefixState(revision, entries.ToImmutable());
    }

    public bool HoldsTheSameAs(PrefixState other) =>
        _entries.Count == other._entries.Count && _entries.Values.Zip(other._entries.Values).All(pair => pair.First.Key == pair.Second.Key && pair.First.ModifiedRevision == pair.Second.ModifiedRevision);

    public CoordinationSnapshot ToSnapshot() => new(Revision, [.. _entries.Values]);
}
