namespace Rqml.Storage;

/// <summary>A store in memory whose commits begin when they are asked for and become durable, or fail, when the test says so.</summary>
internal sealed class GatedStore : IKeyValueStore
{
    private readonly InMemoryKeyValueStore _inner = new();
    private TaskCompletionSource? _commit;

    public GatedStore() => _inner.OpenAsync(CancellationToken.None).AsTask().GetAwaiter().GetResult();

    public string Name => "gated";

    /// <summary>Operations of each commit that was asked for.</summary>
    public List<int> Commits { get; } = [];

    public bool IsCommitting => _commit is not null;

    public ValueTask OpenAsync(CancellationToken cancellationToken) => ValueTask.CompletedTask;

    public async ValueTask CommitAsync(WriteBatch batch, CancellationToken cancellationToken)
    {
        Commits.Add(batch.Count);
        _commit = new TaskCompletionSource();
        await _commit.Task;
        await _inner.CommitAsync(batch, cancellationToken);
    }

    /// <summary>The commit in flight becomes durable; what follows it runs before this returns.</summary>
    public void LetThrough()
    {
        var commit = _commit!;
        _commit = null;
        commit.SetResult();
    }

    public void Fail(Exception error)
    {
        var commit = _commit!;
        _commit = null;
        commit.SetException(error);
    }

    public bool TryGet(StoreFamily family, ReadOnlySpan<byte> key, out byte[] value) => _inner.TryGet(family, key, out value);

    public IEnumerable<StoreEntry> Scan(StoreFamily family, ReadOnlyMemory<byte> prefix) => _inner.Scan(family, prefix);

    public ValueTask DisposeAsync() => _inner.DisposeAsync();
}
