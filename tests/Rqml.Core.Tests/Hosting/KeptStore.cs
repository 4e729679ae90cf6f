using Rqml.Storage;

namespace Rqml.Core.Tests.Hosting;

/// <summary>A disk for tests: what was committed is there again after the host has stopped and another has started. It can be made to fail or to hold its commits.</summary>
internal sealed class KeptStore : IKeyValueStore
{
    private readonly InMemoryKeyValueStore _content = new();
    private bool _hasOpened;
    private bool _isOpen;
    private volatile bool _fails;
    private volatile TaskCompletionSource? _held;
    private long _reads;

    public string Name => "kept";

    /// <summary>Values read one by one, index entries of a scan not counted.</summary>
    public long Reads => Interlocked.Read(ref _reads);

    /// <summary>From now on every commit fails, as on a broken disk.</summary>
    public void Break() => _fails = true;

    /// <summary>Commits wait until <see cref="Release"/>.</summary>
    public void Hold() => _held = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

    public void Release()
    {
        var held = _held;
        _held = null;
        held?.TrySetResult();
    }

    public async ValueTask OpenAsync(CancellationToken cancellationToken)
    {
        if (_isOpen) throw new StoreInUseException(Name);
        (_isOpen, _fails) = (true, false);
        if (!_hasOpened) await _content.OpenAsync(cancellationToken);
        _hasOpened = true;
    }

    public async ValueTask CommitAsync(WriteBatch batch, CancellationToken cancellationToken)
    {
        if (_held is { } held) await held.Task;
        if (_fails) throw new StoreFailedException(Name, "the test broke it");
        await _content.CommitAsync(batch, cancellationToken);
    }

    public bool TryGet(StoreFamily family, ReadOnlySpan<byte> key, out byte[] value)
    {
        Interlocked.Increment(ref _reads);
        return _content.TryGet(family, key, out value);
    }

    public IEnumerable<StoreEntry> Scan(StoreFamily family, ReadOnlyMemory<byte> prefix) => _content.Scan(family, prefix);

    public ValueTask DisposeAsync()
    {
        _isOpen = false;
        return ValueTask.CompletedTask;
    }
}
