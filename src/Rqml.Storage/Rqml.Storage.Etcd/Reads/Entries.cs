using Rqml.Cluster;
using Rqml.Storage.Etcd.Calls;
using Rqml.Storage.Etcd.Protocol;

namespace Rqml.Storage.Etcd.Reads;

/// <summary>Turns what etcd says of a key into an entry, and believes nothing that cannot be.</summary>
internal static class Entries
{
    /// <param name="found">As it came.</param>
    /// <param name="range">What was asked for.</param>
    /// <param name="revision">As of when.</param>
    /// <exception cref="InvalidAnswerException">Nobody asked for this key, or its revisions cannot be.</exception>
    public static void Check(KeyValue found, in KeyRange range, long revision)
    {
        if (found.Key.Length == 0 || !range.Contains(found.Key)) throw new InvalidAnswerException("a key that nobody has asked for");
        if (found.CreateRevision > 0 && found.ModRevision >= found.CreateRevision && found.ModRevision <= revision) return;
        throw new InvalidAnswerException($"a key that was created at {found.CreateRevision} and written at {found.ModRevision}, read as of {revision}");
    }

    /// <summary>Null where the key is no text.</summary>
    public static CoordinationEntry? Read(KeyValue found) =>
        KeyRange.Key(found.Key) is { } key ? new CoordinationEntry(key, found.Value.Memory, found.CreateRevision, found.ModRevision, new LeaseId(found.Lease)) : null;
}
