namespace Rqml.Cluster;

/// <summary>
/// The coordination store of several nodes in one process, and of tests: leases, compare-and-swap and watches in memory. Gone with the process. Thread-safe.
/// </summary>
public sealed class InMemoryCoordinationStore : ICoordinationStore
{
    private readonly TimeProvider _time;
    private readonly Lock _lock = new();
    private readonly SortedDictionary<string, CoordinationEntry> _entries = new(StringComparer.Ordinal);
    private readonly SortedDictionary<long, Lease> _leases = [];
    private readonly List<Watcher> _watchers = [];
    private readonly Dictionary<string, CoordinationSnapshot> _newest = new(StringComparer.Ordinal);      // by prefix, of which a process has few
    private readonly ITimer _expiry;
    private long _revision;
    private long _lastLease;
    private bool _isDisposed;

    /// <param name="time">The clock that leases run by.</param>
    public InMemoryCoordinationStore(TimeProvider? time = null)
    {
        _time = time ?? TimeProvider.System;
        _expiry = _time.CreateTimer(static store => ((InMemoryCoordinationStore)store!).Expire(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <inheritdoc/>
    public ValueTask<CoordinationSnapshot> ReadAsync(string prefix, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(prefix);
        cancellationToken.ThrowIfCancellationRequested();
        lock (_lock)
        {
            BeginLocked();
            return new(ReadLocked(prefix));
        }
    }

    /// <inheritdoc/>
    public ValueTask<TransactionResult> CommitAsync(CoordinationTransaction transaction, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(transaction);
        transaction.Validate();
        cancellationToken.ThrowIfCancellationRequested();
        lock (_lock)
        {
            BeginLocked();
            foreach (var change in transaction.Changes)
            {
                if (change is Change.Put { Lease: var lease } && lease != LeaseId.None && !_leases.ContainsKey(lease.Value)) throw new LeaseGoneException(lease);
            }

            foreach (var compare in transaction.Compares)
            {
                if (!HoldsLocked(compare)) return new(new TransactionResult(false, _revision));
            }

            if (transaction.Changes.Count > 0) ApplyLocked(transaction.Changes);
            return new(new TransactionResult(true, _revision));
        }
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<CoordinationSnapshot> Watch(string prefix, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(prefix);
        var watcher = new Watcher(prefix);
        lock (_lock)
        {
            BeginLocked();
            _watchers.Add(watcher);
        }

        // Not WaitAsync: it would come back on a thread of the pool, and the simulator could not hold it.
        using var cancelling = cancellationToken.UnsafeRegister(static watcher => ((Watcher)watcher!).Signal(), watcher);
        try
        {
            while (true)
            {
                CoordinationSnapshot snapshot;
                Task changed;
                cancellationToken.ThrowIfCancellationRequested();
                lock (_lock)
                {
                    if (_isDisposed) yield break;
                    if (watcher.IsBroken) throw new CoordinationUnavailableException("memory", "it was restored from a backup");
                    snapshot = ReadLocked(prefix);
                    changed = watcher.Rearm();
                }

                yield return snapshot;
                await changed;
            }
        }
        finally
        {
            lock (_lock) _watchers.Remove(watcher);
        }
    }

    /// <inheritdoc/>
    public ValueTask<LeaseId> GrantLeaseAsync(TimeSpan timeToLive, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(timeToLive, TimeSpan.Zero);
        cancellationToken.ThrowIfCancellationRequested();
        lock (_lock)
        {
            BeginLocked();
            var lease = new LeaseId(++_lastLease);
            _leases.Add(lease.Value, new Lease(timeToLive) { ExpiresAt = _time.GetTimestamp() + Ticks(timeToLive) });
            ArmLocked();
            return new(lease);
        }
    }

    /// <inheritdoc/>
    public ValueTask<bool> RenewLeaseAsync(LeaseId lease, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        lock (_lock)
        {
            BeginLocked();
            if (!_leases.TryGetValue(lease.Value, out var held)) return new(false);
            held.ExpiresAt = _time.GetTimestamp() + Ticks(held.TimeToLive);
            return new(true);
        }
    }

    /// <inheritdoc/>
    public ValueTask RevokeLeaseAsync(LeaseId lease, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        lock (_lock)
        {
            BeginLocked();
            if (_leases.ContainsKey(lease.Value)) EndLocked(lease.Value);
        }

        return ValueTask.CompletedTask;
    }

    /// <summary>What a backup of the store would hold at this moment.</summary>
    internal Backup TakeBackup()
    {
        lock (_lock)
        {
            BeginLocked();
            return new Backup(_revision, [.. _entries.Values], _leases.ToDictionary(lease => lease.Key, lease => lease.Value.TimeToLive));
        }
    }

    /// <summary>
    /// Goes back to a backup, as an operator restores a server: what was written since is gone, leases that are in it begin anew, and every watch ends with an error. No lease's name is ever
    /// given twice.
    /// </summary>
    /// <param name="backup">What was once <see cref="TakeBackup"/>.</param>
    /// <param name="also">Written before anybody sees the restored state.</param>
    internal void Restore(Backup backup, params IReadOnlyList<Change> also)
    {
        lock (_lock)
        {
            BeginLocked();
            _entries.Clear();
            _leases.Clear();
            _newest.Clear();      // a revision comes a second time, with something else
            _revision = backup.Revision;
            foreach (var (lease, timeToLive) in backup.Leases) _leases.Add(lease, new Lease(timeToLive) { ExpiresAt = _time.GetTimestamp() + Ticks(timeToLive) });
            foreach (var entry in backup.Entries)
            {
                _entries.Add(entry.Key, entry);
                if (entry.Lease != LeaseId.None) _leases[entry.Lease.Value].Keys.Add(entry.Key);
            }

            if (also.Count > 0) ApplyLocked(also);
            foreach (var watcher in _watchers) watcher.Break();
            ArmLocked();
        }
    }

    /// <summary>Ends all watches; every later call throws <see cref="ObjectDisposedException"/>.</summary>
    public ValueTask DisposeAsync()
    {
        lock (_lock)
        {
            _isDisposed = true;
            foreach (var watcher in _watchers) watcher.Signal();
        }

        return _expiry.DisposeAsync();
    }

    /// <summary>The same to all who look at the same revision: hundreds of nodes watch one prefix.</summary>
    private CoordinationSnapshot ReadLocked(string prefix)
    {
        if (_newest.TryGetValue(prefix, out var newest) && newest.Revision == _revision) return newest;
        return _newest[prefix] = new(_revision, [.. _entries.Values.Where(entry => entry.Key.StartsWith(prefix, StringComparison.Ordinal))]);
    }

    private bool HoldsLocked(Compare compare)
    {
        var entry = _entries.GetValueOrDefault(compare.Key);
        return compare switch
        {
            Compare.Absent => entry is null,
            Compare.ModifiedAt at => entry?.ModifiedRevision == at.Revision,
            Compare.Holds holds => entry is not null && entry.Value.Span.SequenceEqual(holds.Value.Span),
            _ => throw new ArgumentException($"There is no compare of type {compare.GetType().Name}.", nameof(compare)),
        };
    }

    private void ApplyLocked(IReadOnlyList<Change> changes)
    {
        _revision++;
        foreach (var change in changes)
        {
            var before = _entries.GetValueOrDefault(change.Key);
            if (before is not null && before.Lease != LeaseId.None) _leases[before.Lease.Value].Keys.Remove(change.Key);
            if (change is Change.Put put)
            {
                // A copy: the caller may do with its buffer what it likes.
                _entries[put.Key] = new CoordinationEntry(put.Key, put.Value.ToArray(), before?.CreatedRevision ?? _revision, _revision, put.Lease);
                if (put.Lease != LeaseId.None) _leases[put.Lease.Value].Keys.Add(put.Key);
            }
            else
            {
                _entries.Remove(change.Key);
            }

            SignalLocked(change.Key);
        }
    }

    private void EndLocked(long lease)
    {
        _leases.Remove(lease, out var ended);
        if (ended!.Keys.Count == 0) return;
        _revision++;
        foreach (var key in ended.Keys)
        {
            _entries.Remove(key);
            SignalLocked(key);
        }
    }

    /// <summary>Whatever has run out is gone before anybody looks, even if the timer has not fired yet.</summary>
    private void BeginLocked()
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        var now = _time.GetTimestamp();
        foreach (var (lease, held) in _leases.ToArray())
        {
            if (held.ExpiresAt <= now) EndLocked(lease);
        }
    }

    private void Expire()
    {
        lock (_lock)
        {
            if (_isDisposed) return;
            BeginLocked();
            ArmLocked();
        }
    }

    private void ArmLocked()
    {
        if (_leases.Count == 0) return;
        var left = _leases.Values.Min(lease => lease.ExpiresAt) - _time.GetTimestamp();
        _expiry.Change(TimeSpan.FromSeconds(Math.Max(0, left) / (double)_time.TimestampFrequency) + TimeSpan.FromMilliseconds(1), Timeout.InfiniteTimeSpan);
    }

    private void SignalLocked(string key)
    {
        foreach (var watcher in _watchers)
        {
            if (key.StartsWith(watcher.Prefix, StringComparison.Ordinal)) watcher.Signal();
        }
    }

    private long Ticks(TimeSpan time) => (long)(time.TotalSeconds * _time.TimestampFrequency);

    /// <summary>A state of the store. Immutable.</summary>
    internal sealed record Backup(long Revision, IReadOnlyList<CoordinationEntry> Entries, IReadOnlyDictionary<long, TimeSpan> Leases);

    private sealed class Lease(TimeSpan timeToLive)
    {
        public TimeSpan TimeToLive { get; } = timeToLive;

        public long ExpiresAt { get; set; }

        public SortedSet<string> Keys { get; } = new(StringComparer.Ordinal);
    }

    /// <summary>One watch: knows that something changed, not what, so a slow reader costs one flag.</summary>
    private sealed class Watcher(string prefix)
    {
        private readonly Lock _lock = new();
        private TaskCompletionSource _changed = New();

        public string Prefix { get; } = prefix;

        public bool IsBroken { get; private set; }

        public void Break()
        {
            IsBroken = true;
            Signal();
        }

        public Task Rearm()
        {
            lock (_lock)
            {
                if (_changed.Task.IsCompleted) _changed = New();
                return _changed.Task;
            }
        }

        public void Signal()
        {
            lock (_lock) _changed.TrySetResult();
        }

        private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
