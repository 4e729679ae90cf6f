namespace Rqml.Storage.RocksDb;

/// <summary>How much of a store is read back when it opens. Whatever is not read then is still checked when it is read later.</summary>
public enum StoreVerification
{
    /// <summary>After a clean close nothing beyond the bookkeeping; else every RocksDB block. Costs one read of the tables (not of the segments).</summary>
    AfterCrash = 0,

    /// <summary>Every RocksDB block and the content of every artifact in the segments, each time. Costs one read of the whole folder.</summary>
    Always = 1,
}
