namespace Rqml.Storage.RocksDb;

/// <summary>The moments of a store's life at which tests kill it. In production nobody listens.</summary>
internal enum StoreStep
{
    MarkCreated,
    DatabaseCreated,
    BatchBuilt,
    SegmentCreated,
    SegmentWritten,
    SegmentSynced,
    BatchWritten,
    MarkWriting,
    MarkWritten,
    RewriteCopied,
    RewriteIndexed,
    SegmentDeleting,
    CommitLogPruning,
    Closing,
    DatabaseClosed,
}
