namespace Rqml.Storage;

/// <summary>A store that keeps its content as long as the instance lives: for durability <c>Memory</c> and for tests. Thread-safe.</summary>
/// <remarks>Nothing survives <see cref="DisposeAsync"/>. Keys and values are copied on the way in and out; a scan is a copy made at the call.</remarks>
public sealed class InMemoryKeyValueStore : IKeyValueStore
{
    private readonly Lock _lock = new();
    private readonly MemoryFamily[] _families = [.. Enum.GetValues<StoreFamily>().Select(_ => new MemoryFamily())];
    private Life _life = Life.New;

    private enum Life
    {
        New,
        Open,
        Closed,
    }

    /// <inheritdoc/>
    public string Name => "memory";

    /// <inheritdoc/>
    public ValueTask OpenAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_life == Life.Closed, this);
            if (_life == Life.Open) throw new InvalidOperationException("The store 'memory' is open already.");
            _life = Life.Open;
        }

        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public ValueTask CommitAsync(WriteBatch batch, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(batch);
        cancellationToken.ThrowIfCancellationRequested();
        lock (_lock)
        {
            ThrowIfNotOpenLocked();
            foreach (var write in batch) ApplyLocked(write);
        }

        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public bool TryGet(StoreFamily family, ReadOnlySpan<byte> key, out byte[] value)
    {
        lock (_lock)
        {
            ThrowIfNotOpenLocked();
            return _families[(int)family].TryGet(key, out value);
        }
    }

    /// <inheritdoc/>
    public IEnumerable<StoreEntry> Scan(StoreFamily family, ReadOnlyMemory<byte> prefix)
    {
        lock (_lock)
        {
            ThrowIfNotOpenLocked();
            return _families[(int)family].Copy(prefix.ToArray());
        }
    }

    /// <summary>Drops the content.</summary>
    public ValueTask DisposeAsync()
    {
        lock (_lock)
        {
            _life = Life.Closed;
            Array.Clear(_families);
        }

        return ValueTask.CompletedTask;
    }

    private void ApplyLocked(in Write write)
    {
        var family = _families[(int)write.Family];
        switch (write.Kind)
        {
            case WriteKind.Put: family.Put(write.Key, write.Value); break;
            case WriteKind.Delete: family.Delete(write.Key); break;
            case WriteKind.DeletePrefix: family.DeletePrefix(write.Key); break;
            default: throw new ArgumentException($"Unknown operation {write.Kind}.", nameof(write));
        }
    }

    private void ThrowIfNotOpenLocked()
    {
        ObjectDisposedException.ThrowIf(_life == Life.Closed, this);
        if (_life != Life.Open) throw new InvalidOperationException("The store 'memory' is not open yet.");
    }
}
