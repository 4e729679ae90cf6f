namespace Rqml.Storage.RocksDb.Database;

/// <summary>Ranges of keys.</summary>
internal static class FamilyKeys
{
    // Greater than every key: longer than the longest and all ones.
    private static readonly byte[] AfterEveryKey = NewAfterEveryKey();

    /// <summary>The first key behind all keys with the prefix, written over <paramref name="buffer"/> or taken from a constant.</summary>
    public static ReadOnlySpan<byte> After(ReadOnlySpan<byte> prefix, Span<byte> buffer)
    {
        var length = prefix.Length;
        while (length > 0 && prefix[length - 1] == 0xFF) length--;
        if (length == 0) return AfterEveryKey;
        prefix[..length].CopyTo(buffer);
        buffer[length - 1]++;
        return buffer[..length];
    }

    private static byte[] NewAfterEveryKey()
    {
        var key = new byte[Storage.WriteBatch.MaxKeyBytes + 1];
        key.AsSpan().Fill(0xFF);
        return key;
    }
}
