namespace Rqml.Storage;

/// <summary>One key space in memory: a dictionary for lookups, and its keys once more in order for scans. Not thread-safe.</summary>
internal sealed class MemoryFamily
{
    // Greater than every key: longer than the longest and all ones.
    private static readonly byte[] AfterEveryKey = NewAfterEveryKey();

    private readonly Dictionary<byte[], byte[]> _values = new(KeyComparer.Instance);
    private readonly SortedSet<byte[]> _keys = new(KeyComparer.Instance);

    public void Put(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
    {
        var values = _values.GetAlternateLookup<ReadOnlySpan<byte>>();
        if (values.TryGetValue(key, out var stored, out _))
        {
            values[stored] = value.ToArray();
            return;
        }

        var owned = key.ToArray();
        _values.Add(owned, value.ToArray());
        _keys.Add(owned);
    }

    public void Delete(ReadOnlySpan<byte> key)
    {
        if (_values.GetAlternateLookup<ReadOnlySpan<byte>>().Remove(key, out var stored, out _)) _keys.Remove(stored);
    }

    public void DeletePrefix(ReadOnlySpan<byte> prefix)
    {
        foreach (var key in KeysWith(prefix.ToArray()))
        {
            _values.Remove(key);
            _keys.Remove(key);
        }
    }

    public bool TryGet(ReadOnlySpan<byte> key, out byte[] value)
    {
        var found = _values.GetAlternateLookup<ReadOnlySpan<byte>>().TryGetValue(key, out var stored);
        value = found ? stored!.AsSpan().ToArray() : [];
        return found;
    }

    public List<StoreEntry> Copy(byte[] prefix)
    {
        var entries = new List<StoreEntry>();
        foreach (var key in KeysWith(prefix)) entries.Add(new StoreEntry(key.AsSpan().ToArray(), _values[key].AsSpan().ToArray()));
        return entries;
    }

    private List<byte[]> KeysWith(byte[] prefix)
    {
        var keys = new List<byte[]>();
        foreach (var key in _keys.GetViewBetween(prefix, AfterEveryKey))
        {
            if (!key.AsSpan().StartsWith(prefix)) break;
            keys.Add(key);
        }

        return keys;
    }

    private static byte[] NewAfterEveryKey()
    {
        var key = new byte[WriteBatch.MaxKeyBytes + 1];
        key.AsSpan().Fill(0xFF);
        return key;
    }
}
