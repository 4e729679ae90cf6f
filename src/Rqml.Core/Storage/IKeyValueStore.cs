namespace Rqml.Storage;

/// <summary>
/// The seam of storage adapters: one node's durable, ordered key-value store. Ledger, checkpoints and outbound results are written once,
/// above this seam, and share its group commit.
/// </summary>
/// <remarks>
/// One caller commits at a time, in order; reads may come from any thread. After a commit has failed the store is dead: it never retries,
/// and every later call throws <see cref="StoreFailedException"/>. The contract suite in <c>Rqml.Testing</c> holds an adapter to this page.
/// </remarks>
public interface IKeyValueStore : IAsyncDisposable
{
    /// <summary>What errors and logs call this store: a folder, or "memory".</summary>
    string Name { get; }

    /// <summary>Opens the store for this process alone and checks that it is whole.</summary>
    /// <exception cref="StoreInUseException">Another process or instance holds it.</exception>
    /// <exception cref="StoreFormatException">It was written by a format that this version does not read.</exception>
    /// <exception cref="StoreCorruptException">Its content is damaged.</exception>
    /// <exception cref="StoreRegressedException">It holds less than it had acknowledged.</exception>
    /// <exception cref="StoreFailedException">The disk refused: no space, read-only, input/output error.</exception>
    ValueTask OpenAsync(CancellationToken cancellationToken);

    /// <summary>Applies the batch atomically and returns once it is durable. The batch may be reused after that. Cancelling has no effect on a commit that has begun.</summary>
    /// <exception cref="StoreFailedException">The commit failed; whether its content is there is unknown, and the store is dead.</exception>
    ValueTask CommitAsync(WriteBatch batch, CancellationToken cancellationToken);

    /// <summary>Reads one value; false where the key does not exist.</summary>
    /// <exception cref="StoreCorruptException">The value's bytes are damaged.</exception>
    bool TryGet(StoreFamily family, ReadOnlySpan<byte> key, out byte[] value);

    /// <summary>The entries whose keys begin with <paramref name="prefix"/> (all, if empty), in key order, as of the call.</summary>
    /// <exception cref="StoreCorruptException">An entry's bytes are damaged.</exception>
    IEnumerable<StoreEntry> Scan(StoreFamily family, ReadOnlyMemory<byte> prefix);
}
