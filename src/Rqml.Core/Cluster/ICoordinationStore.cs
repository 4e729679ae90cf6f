namespace Rqml.Cluster;

/// <summary>
/// The seam of coordination adapters (etcd, Consul, in memory): membership, leadership and fences. Leases, election and compare-and-swap are the
/// engine's, never ours.
/// </summary>
/// <remarks>
/// Thread-safe. Every call may throw <see cref="CoordinationUnavailableException"/> or <see cref="CoordinationRefusedException"/>; after a commit has thrown either, or was
/// cancelled under way, the outcome is unknown and the caller reads back what it wrote (every value carries its writer's nonce). No change is tried twice below this seam.
/// Safety is a <see cref="Compare"/> inside a transaction, never the belief to hold a lease.
/// </remarks>
public interface ICoordinationStore : IAsyncDisposable
{
    /// <summary>All entries whose keys begin with <paramref name="prefix"/>, in key order, with the revision at which they were read.</summary>
    ValueTask<CoordinationSnapshot> ReadAsync(string prefix, CancellationToken cancellationToken);

    /// <summary>Applies all changes of the transaction at one new revision, or none where a compare does not hold.</summary>
    /// <exception cref="ArgumentException">More than 128 changes or compares, a key written twice, empty or over 1,024 characters, a value over 1 MiB, or 1.25 MiB together.</exception>
    /// <exception cref="LeaseGoneException">A key was to be put under a lease that is gone; nothing was applied.</exception>
    ValueTask<TransactionResult> CommitAsync(CoordinationTransaction transaction, CancellationToken cancellationToken);

    /// <summary>
    /// The snapshot of a prefix now, and again after each change: "this prefix changed at or after that revision, here is what it holds". Several
    /// changes may come as one snapshot; the last one is never lost while the stream lasts. A hint: readers also list again from time to time.
    /// </summary>
    IAsyncEnumerable<CoordinationSnapshot> Watch(string prefix, CancellationToken cancellationToken);

    /// <summary>Makes a lease that lives for at least <paramref name="timeToLive"/> after its last renewal; keys put under it vanish with it.</summary>
    ValueTask<LeaseId> GrantLeaseAsync(TimeSpan timeToLive, CancellationToken cancellationToken);

    /// <summary>Renews the lease; false where it is gone.</summary>
    ValueTask<bool> RenewLeaseAsync(LeaseId lease, CancellationToken cancellationToken);

    /// <summary>Ends the lease at once, and removes its keys. Nothing happens where it is gone.</summary>
    ValueTask RevokeLeaseAsync(LeaseId lease, CancellationToken cancellationToken);
}
