using Rqml.Storage.RocksDb.Artifacts;
using Rqml.Storage.RocksDb.Database;
using Rqml.Storage.RocksDb.Database.Native;
using Rqml.Storage.RocksDb.Durability;

namespace Rqml.Storage.RocksDb;

/// <summary>A store's open files and the order in which a commit makes them durable. Commits and housekeeping belong to one thread; reads to any.</summary>
internal sealed class OpenStore : IDisposable
{
    private readonly StoreFolder _folder;
    private readonly HighWaterMark _mark;
    private readonly CommitLog _log;
    private readonly ArtifactWriter _artifacts;
    private readonly SegmentRewrite _rewrite;
    private readonly StoreTuning _tuning;
    private readonly NativeBatch _batch = new();

    public OpenStore(StoreFolder folder, HighWaterMark mark, KeyValueDatabase database, CommitLog log, SegmentIndex index, SegmentSet segments,
        RocksDbOptions options, StoreTuning tuning)
    {
        _folder = folder;
        _mark = mark;
        _log = log;
        _tuning = tuning;
        Database = database;
        Index = index;
        Segments = segments;
        _artifacts = new ArtifactWriter(database, index, segments, options.SegmentThresholdBytes);
        _rewrite = new SegmentRewrite(database, index, segments, tuning);
    }

    public KeyValueDatabase Database { get; }

    public SegmentIndex Index { get; }

    public SegmentSet Segments { get; }

    public ReadLeases Leases { get; } = new();

    public long LastCommit => _mark.Current.Commit;

    /// <summary>
    /// Makes a batch durable. The order is the promise: segments before the batch that names them, the batch before the mark that counts it, the
    /// mark before anybody hears of it.
    /// </summary>
    public void Commit(Storage.WriteBatch batch)
    {
        _batch.Clear();
        var commit = _log.Append(_batch);
        foreach (var write in batch) Translate(write);
        _tuning.OnStep?.Invoke(StoreStep.BatchBuilt);
        _artifacts.Finish(_batch);
        Database.WriteSynced(_batch);
        _tuning.OnStep?.Invoke(StoreStep.BatchWritten);
        _tuning.OnStep?.Invoke(StoreStep.MarkWriting);
        _mark.Advance(MarkState.Open, commit);
        _tuning.OnStep?.Invoke(StoreStep.MarkWritten);
    }

    /// <summary>A bounded piece of what commits leave to be done: rewriting and deleting segments, pruning the commit log.</summary>
    public void Housekeep()
    {
        if (Segments.NeedsHousekeeping)
        {
            var isBusy = _rewrite.Step();
            Segments.DeleteDead(Leases);
            if (!isBusy) Segments.Settle();
        }

        if (_log.Count < 2L * _tuning.CommitsPerPrune) return;
        Database.Flush();
        _batch.Clear();
        _log.Prune(_batch, _tuning.CommitsPerPrune);
        Database.WriteUnsynced(_batch);
        _tuning.OnStep?.Invoke(StoreStep.CommitLogPruning);
    }

    /// <summary>Closes everything and says in the mark that it was closed. After a failure close with <see cref="Dispose"/> alone.</summary>
    public void Close()
    {
        _tuning.OnStep?.Invoke(StoreStep.Closing);
        Segments.DeleteDead(Leases);
        Database.Dispose();
        _tuning.OnStep?.Invoke(StoreStep.DatabaseClosed);
        _mark.Advance(MarkState.Closed, LastCommit);
    }

    public void Dispose()
    {
        _rewrite.Dispose();
        _artifacts.Dispose();
        _batch.Dispose();
        Segments.Dispose();
        Database.Dispose();
        _mark.Dispose();
        _folder.Dispose();
    }

    private void Translate(in Write write)
    {
        var isArtifact = write.Family == StoreFamily.Artifact;
        switch (write.Kind)
        {
            case WriteKind.Put when isArtifact: _artifacts.Put(_batch, write.Key, write.Value); break;
            case WriteKind.Delete when isArtifact: _artifacts.Delete(_batch, write.Key); break;
            case WriteKind.DeletePrefix when isArtifact: _artifacts.DeletePrefix(_batch, write.Key); break;
            case WriteKind.Put: _batch.Put(write.Key, write.Value, Database[write.Family]); break;
            case WriteKind.Delete: _batch.Delete(write.Key, Database[write.Family]); break;
            case WriteKind.DeletePrefix: KeyValueDatabase.DeleteRange(_batch, Database[write.Family], write.Key); break;
            default: throw new InvalidOperationException($"Unknown operation {write.Kind}.");
        }
    }
}
