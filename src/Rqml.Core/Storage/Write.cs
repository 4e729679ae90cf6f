namespace Rqml.Storage;

/// <summary>What a <see cref="Write"/> does to its key.</summary>
public enum WriteKind
{
    /// <summary>Sets the key to the value.</summary>
    Put = 0,

    /// <summary>Removes the key.</summary>
    Delete = 1,

    /// <summary>Removes every key that begins with the given bytes.</summary>
    DeletePrefix = 2,
}

/// <summary>One operation of a <see cref="WriteBatch"/>, as the store sees it.</summary>
public readonly ref struct Write
{
    internal Write(WriteKind kind, StoreFamily family, ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
    {
        Kind = kind;
        Family = family;
        Key = key;
        Value = value;
    }

    /// <summary>What to do.</summary>
    public WriteKind Kind { get; }

    /// <summary>Where.</summary>
    public StoreFamily Family { get; }

    /// <summary>The key, or the prefix of <see cref="WriteKind.DeletePrefix"/>.</summary>
    public ReadOnlySpan<byte> Key { get; }

    /// <summary>The value; empty but for <see cref="WriteKind.Put"/>.</summary>
    public ReadOnlySpan<byte> Value { get; }
}
