using Rqml.Administration;
using Rqml.Protocol;

namespace Rqml.Cluster;

/// <summary>
/// What an operator does once the coordination store was restored from a backup: one compare-and-set of the key <c>generation</c>. With it every term is greater than those that the store has
/// forgotten.
/// </summary>
internal static class GenerationRaise
{
    /// <param name="store">The store.</param>
    /// <param name="keys">The cluster's keys.</param>
    /// <param name="known">The highest generation that this node has ever seen: the backup may be older than an earlier raise.</param>
    /// <param name="nonce">Of the write, so that it is known again where its answer was lost.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    public static async Task<long> RaiseAsync(ICoordinationStore store, CoordinationKeys keys, long known, ulong nonce, CancellationToken cancellationToken)
    {
        var before = await FindAsync(store, keys, cancellationToken);

        // One that cannot be read is what a raise mends: it is written over as it was found.
        var raised = Math.Max(CoordinationKeys.TryReadGeneration(before) ?? 1, known) + 1;
        if (raised > Records.MaxGeneration) throw new InvalidOperationException($"The generation is at its limit, {Records.MaxGeneration}.");
        var unchanged = before is null ? (Compare)new Compare.Absent(keys.Generation) : new Compare.ModifiedAt(keys.Generation, before.ModifiedRevision);
        var transaction = new CoordinationTransaction([unchanged], [new Change.Put(keys.Generation, CoordinationKeys.Write(raised, nonce))]);
        try
        {
            if ((await store.CommitAsync(transaction, cancellationToken)).Succeeded) return raised;
        }
        catch (CoordinationUnavailableException)
        {
            if (!(await FindAsync(store, keys, cancellationToken))?.Value.Span.SequenceEqual(CoordinationKeys.Write(raised, nonce).Span) ?? true) throw;
            return raised;
        }

        throw new GenerationRaisedException(CoordinationKeys.TryReadGeneration(await FindAsync(store, keys, cancellationToken)) ?? raised);
    }

    private static async Task<CoordinationEntry?> FindAsync(ICoordinationStore store, CoordinationKeys keys, CancellationToken cancellationToken) =>
        (await store.ReadAsync(keys.Generation, cancellationToken)).Find(keys.Generation);
}
