namespace Rqml.Storage;

/// <summary>The node keeps everything in memory. Choose a store to have checkpoints to look at.</summary>
public sealed class NoStoreException(NodeId node) : RqmlException($"The node '{node}' has no store, so it keeps no checkpoints: choose one, for instance with UseStore.")
{
    /// <summary>The node.</summary>
    public NodeId Node { get; } = node;
}

/// <summary>Another process, or another instance in this one, holds the store. Wait for it or choose another folder.</summary>
public sealed class StoreInUseException(string store, Exception? innerException = null)
    : RqmlException($"The store '{store}' is in use by another process or instance.", innerException)
{
    /// <summary>Name of the store.</summary>
    public string Store { get; } = store;
}

/// <summary>The store was written in a format that this version of Rqml does not read. Upgrade or choose another folder.</summary>
public sealed class StoreFormatException(string store, int found, int oldest, int newest)
    : RqmlException($"The store '{store}' has format {found}; this version reads {oldest} to {newest}.")
{
    /// <summary>Name of the store.</summary>
    public string Store { get; } = store;

    /// <summary>Format found on disk.</summary>
    public int Found { get; } = found;

    /// <summary>Oldest format that can be read.</summary>
    public int Oldest { get; } = oldest;

    /// <summary>Newest format that can be read.</summary>
    public int Newest { get; } = newest;
}

/// <summary>Bytes of the store are damaged. Restore the folder from a backup, or start on an empty one.</summary>
public sealed class StoreCorruptException(string store, string what, Exception? innerException = null)
    : RqmlException($"The store '{store}' is damaged: {what}.", innerException)
{
    /// <summary>Name of the store.</summary>
    public string Store { get; } = store;

    /// <summary>What is damaged.</summary>
    public string What { get; } = what;
}

/// <summary>The store holds less than it had acknowledged as durable: it is never taken for whole. Restore it, or accept the loss explicitly.</summary>
public sealed class StoreRegressedException(string store, long acknowledged, long found)
    : RqmlException($"The store '{store}' had acknowledged commit {acknowledged} but holds only {found}: fsynced data was lost.")
{
    /// <summary>Name of the store.</summary>
    public string Store { get; } = store;

    /// <summary>Number of the last commit that was acknowledged.</summary>
    public long Acknowledged { get; } = acknowledged;

    /// <summary>Number of the last commit that was found.</summary>
    public long Found { get; } = found;
}

/// <summary>The disk refused a read or a write. The store has stopped and acknowledges nothing more; reopen it when the cause is gone.</summary>
public sealed class StoreFailedException(string store, string cause, Exception? innerException = null)
    : RqmlException($"The store '{store}' has stopped: {cause.TrimEnd('.')}.", innerException)
{
    /// <summary>Name of the store.</summary>
    public string Store { get; } = store;

    /// <summary>What the disk said.</summary>
    public string Cause { get; } = cause;
}
