using Rqml.Storage;

namespace Rqml.Core.Tests.Checkpoints;

/// <summary>A store in memory whose commits, from a moment on, do not come back until they are let go.</summary>
internal sealed class StuckStore : IKeyValueStore
{
    private readonly InMemoryKeyValueStore _inner = new();
    private readonly TaskCompletionSource _free = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile bool _isStuck;

    public string Name => "stuck";

    public void Stick() => _isStuck = true;

    public void Free() => _free.TrySetResult();

    public ValueTask OpenAsync(CancellationToken cancellationToken) => _inner.OpenAsync(cancellationToken);

    public async ValueTask CommitAsync(WriteBatch batch, CancellationToken cancellationToken)
    {
        if (_isStuck) await _free.Task;
        await _inner.CommitAsync(batch, cancellationToken);
    }

    public bool TryGet(StoreFamily family, ReadOnlySpan<byte> key, out byte[] value) => _inner.TryGet(family, key, out value);

    public IEnumerable<StoreEntry> Scan(StoreFamily family, ReadOnlyMemory<byte> prefix) => _inner.Scan(family, prefix);

    public ValueTask DisposeAsync() => _inner.DisposeAsync();
}
