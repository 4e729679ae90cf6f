namespace Rqml.Cluster;

/// <summary>One condition of a transaction.</summary>
public abstract record Compare(string Key)
{
    /// <summary>The key does not exist.</summary>
    public sealed record Absent(string Key) : Compare(Key);

    /// <summary>The key's last write was at exactly this revision.</summary>
    public sealed record ModifiedAt(string Key, long Revision) : Compare(Key);

    /// <summary>The key holds exactly these bytes.</summary>
    public sealed record Holds(string Key, ReadOnlyMemory<byte> Value) : Compare(Key);
}

/// <summary>One change of a transaction.</summary>
public abstract record Change(string Key)
{
    /// <summary>Sets the key, under a lease if one is given.</summary>
    public sealed record Put(string Key, ReadOnlyMemory<byte> Value, LeaseId Lease = default) : Change(Key);

    /// <summary>Removes the key.</summary>
    public sealed record Delete(string Key) : Change(Key);
}

/// <summary>Changes that are applied together where all compares hold. At most 128 changes, each key once, at most 128 compares, and not too long all together.</summary>
public sealed record CoordinationTransaction(IReadOnlyList<Compare> Compares, IReadOnlyList<Change> Changes)
{
    /// <summary>Most changes in one transaction, and most compares (etcd's own default).</summary>
    public const int MaxChanges = 128;

    /// <summary>Most bytes of all keys, as UTF-8, and all values of one transaction together: with what is around them they fit into the 1.5 MiB that etcd takes by default.</summary>
    public const int MaxBytes = 1_280 << 10;

    /// <summary>Most bytes of one value.</summary>
    public const int MaxValueBytes = 1 << 20;

    /// <summary>Longest key, in characters.</summary>
    public const int MaxKeyLength = 1_024;

    /// <summary>Throws for what no store takes: every adapter calls it first.</summary>
    /// <exception cref="ArgumentException">Too many changes or compares, a key written twice, empty or too long, a value too long, or too much together; the message names key and limit.</exception>
    public void Validate()
    {
        if (Changes.Count > MaxChanges) throw new ArgumentException($"A transaction has at most {MaxChanges} changes, not {Changes.Count}.");
        if (Compares.Count > MaxChanges) throw new ArgumentException($"A transaction has at most {MaxChanges} compares, not {Compares.Count}.");
        var bytes = 0L;
        var keys = new HashSet<string>(StringComparer.Ordinal);
        foreach (var change in Changes)
        {
            CheckKey(change.Key);
            if (!keys.Add(change.Key)) throw new ArgumentException($"A transaction writes each key once; '{change.Key}' is written twice.");
            if (change is Change.Put { Value.Length: > MaxValueBytes } put) throw new ArgumentException($"A value has at most {MaxValueBytes} bytes; that of '{put.Key}' has {put.Value.Length}.");
            bytes += Bytes(change.Key) + ((change as Change.Put)?.Value.Length ?? 0);
        }

        foreach (var compare in Compares)
        {
            CheckKey(compare.Key);
            bytes += Bytes(compare.Key) + ((compare as Compare.Holds)?.Value.Length ?? 0);
        }

        if (bytes > MaxBytes) throw new ArgumentException($"The keys and values of a transaction have at most {MaxBytes} bytes together, not {bytes}.");
    }

    private static int Bytes(string key) => System.Text.Encoding.UTF8.GetByteCount(key);

    private static void CheckKey(string key)
    {
        if (string.IsNullOrEmpty(key) || key.Length > MaxKeyLength) throw new ArgumentException($"A key has 1 to {MaxKeyLength} characters, not {key?.Length ?? 0}.");
    }
}

/// <summary>Whether the compares held, and the store's revision after the transaction: that of its changes where they were applied.</summary>
public readonly record struct TransactionResult(bool Succeeded, long Revision);

/// <summary>A key was to be put under a lease that has run out or was revoked: nothing was applied. Grant another lease.</summary>
public sealed class LeaseGoneException(LeaseId lease, Exception? innerException = null)
    : RqmlException($"Lease {lease.Value} has run out or was revoked.", innerException)
{
    /// <summary>The lease.</summary>
    public LeaseId Lease { get; } = lease;
}

/// <summary>The coordination store did not answer. A commit that throws this may or may not have been applied: read back.</summary>
public sealed class CoordinationUnavailableException(string store, string cause, Exception? innerException = null)
    : RqmlException($"The coordination store '{store}' did not answer: {cause}.", innerException)
{
    /// <summary>Name of the store.</summary>
    public string Store { get; } = store;

    /// <summary>What went wrong.</summary>
    public string Cause { get; } = cause;
}

/// <summary>What a coordination store refuses until somebody changes something.</summary>
public enum CoordinationRefusal
{
    /// <summary>Who we are: there is no such user, the password is another, or the store asks for one.</summary>
    Authentication,

    /// <summary>What we may do: the user has no right to these keys.</summary>
    Permission,

    /// <summary>Its space is used up, so that it takes nothing new.</summary>
    NoSpace,

    /// <summary>A request or an answer over its limit, or ours.</summary>
    TooLarge,

    /// <summary>Its addresses belong to different clusters, which know nothing of each other.</summary>
    OtherCluster,
}

/// <summary>
/// The coordination store answers, and refuses until somebody changes something: trying again at once is of no use. A commit that throws this may or may not have been
/// applied, as a store may notice that it is full while it applies: read back.
/// </summary>
public sealed class CoordinationRefusedException(string store, CoordinationRefusal refusal, string cause, Exception? innerException = null)
    : RqmlException($"The coordination store '{store}' refuses what it was asked for, {refusal}: {cause}.", innerException)
{
    /// <summary>Name of the store.</summary>
    public string Store { get; } = store;

    /// <summary>What is refused.</summary>
    public CoordinationRefusal Refusal { get; } = refusal;

    /// <summary>What it said.</summary>
    public string Cause { get; } = cause;
}
