namespace Rqml.Storage;

/// <summary>One key and its value, both owned by the caller.</summary>
public readonly record struct StoreEntry(byte[] Key, byte[] Value);
