using Rqml.Storage;

namespace Rqml.Fuzz.Targets;

/// <summary>A store with a few entries, made for one reading.</summary>
internal sealed class FewEntries(string name) : IKeyValueStore
{
    private readonly List<(StoreFamily Family, byte[] Key, byte[] Value)> _entries = [];

    public string Name => name;

    public void Put(StoreFamily family, byte[] key, byte[] value) => _entries.Add((family, key, value));

    public ValueTask OpenAsync(CancellationToken cancellationToken) => ValueTask.CompletedTask;

    public ValueTask CommitAsync(WriteBatch batch, CancellationToken cancellationToken) => ValueTask.CompletedTask;

    public bool TryGet(StoreFamily family, ReadOnlySpan<byte> key, out byte[] value)
    {
        foreach (var entry in _entries)
        {
            if (entry.Family != family || !key.SequenceEqual(entry.Key)) continue;
            value = entry.Value;
            return true;
        }

        value = [];
        return false;
    }

    public IEnumerable<StoreEntry> Scan(StoreFamily family, ReadOnlyMemory<byte> prefix) =>
        _entries.Where(entry => entry.Family == family && entry.Key.AsSpan().StartsWith(prefix.Span)).Select(entry => new StoreEntry(entry.Key, entry.Value));

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
