using Rqml.Storage.RocksDb.Artifacts;
using Rqml.Storage.RocksDb.Database;
using Rqml.Storage.RocksDb.Database.Native;
using Rqml.Storage.RocksDb.Durability;

namespace Rqml.Storage.RocksDb;

/// <summary>Creates or opens a store: lock, mark, database, then one check after the other, and nothing is changed before all of them have passed, but for one byte that RocksDB would not come back from.</summary>
internal sealed class StoreOpening(string store, RocksDbOptions options, StoreTuning tuning)
{
    /// <summary>The format that this version writes. It reads no other yet.</summary>
    public const int Format = 1;

    private static readonly byte[] IdentityKey = [(byte)'i'];

    /// <summary>Whether the store was closed cleanly before, or is new.</summary>
    public bool WasClosed { get; private set; }

    /// <summary>What RocksDB could not have read past in a write-ahead log, and now takes for the log's end; null as a rule.</summary>
    public string? Disarmed { get; private set; }

    /// <summary>What was lost and accepted.</summary>
    public StoreRegression? Regression { get; private set; }

    public OpenStore Open()
    {
        var opened = new Stack<IDisposable>();
        try
        {
            var folder = Push(StoreFolder.Lock(Path.GetFullPath(options.Path), store));
            var mark = Push(OpenMark(folder));
            var isNew = mark.Current.State == MarkState.Creating;
            WasClosed = mark.Current.State != MarkState.Open;
            if (!isNew) Disarmed = LogTrap.Disarm(folder.Database);
            var database = Push(isNew ? CreateDatabase(folder, mark.Current.StoreId) : KeyValueDatabase.Open(folder.Database, options, create: false));
            CheckIdentity(database, mark.Current.StoreId);
            var log = new CommitLog(database);
            log.Read(store);
            CheckCommits(mark.Current, log.Last);
            if (!WasClosed || options.Verification == StoreVerification.Always) database.VerifyChecksums();
            var index = new SegmentIndex(database);
            var segments = Push(SegmentSet.Open(folder.Segments, mark.Current.StoreId, index, options, tuning.OnStep));
            if (options.Verification == StoreVerification.Always) VerifyContent(index, segments);
            mark.Advance(MarkState.Open, log.Last);
            return new OpenStore(folder, mark, database, log, index, segments, options, tuning);
        }
        catch (Exception error)
        {
            while (opened.TryPop(out var part)) part.Dispose();
            if (error is InvalidDataException damage) throw new StoreCorruptException(store, damage.Message, damage);
            throw StoreErrors.OfReading(store, error);
        }

        T Push<T>(T part) where T : IDisposable
        {
            opened.Push(part);
            return part;
        }
    }

    private HighWaterMark OpenMark(StoreFolder folder)
    {
        if (!File.Exists(folder.Mark))
        {
            if (folder.HasData()) throw new StoreCorruptException(store, "its high-water mark is missing though it has data");
            var created = HighWaterMark.Create(folder.Mark, Guid.NewGuid(), Format);
            tuning.OnStep?.Invoke(StoreStep.MarkCreated);
            return created;
        }

        var mark = HighWaterMark.Open(folder.Mark, store);
        if (mark.Current.Format == Format) return mark;
        using (mark) throw new StoreFormatException(store, mark.Current.Format, Format, Format);
    }

    private KeyValueDatabase CreateDatabase(StoreFolder folder, Guid storeId)
    {
        // Nothing has been acknowledged before the mark says Open: what an interrupted creation left can go.
        folder.Wipe();
        folder.CreateSubfolders();
        var database = KeyValueDatabase.Open(folder.Database, options, create: true);
        using var batch = new NativeBatch();
        Span<byte> identity = stackalloc byte[16];
        storeId.TryWriteBytes(identity);
        batch.Put(IdentityKey, identity, database.Own);
        new CommitLog(database).Create(batch);
        database.WriteSynced(batch);
        tuning.OnStep?.Invoke(StoreStep.DatabaseCreated);
        return database;
    }

    private void CheckIdentity(KeyValueDatabase database, Guid storeId)
    {
        using var identity = database.Get(database.Own, IdentityKey);
        if (identity.Bytes.Length != 16) throw new StoreCorruptException(store, "its database does not say whose it is");
        if (new Guid(identity.Bytes) != storeId) throw new StoreCorruptException(store, "its high-water mark and its database belong to different stores");
    }

    private void CheckCommits(MarkSlot mark, long found)
    {
        // Ahead of the mark by one: synced, but the crash came before the mark. By two: and the mark's newer slot was torn or damaged.
        if (found > mark.Commit + 2) throw new StoreCorruptException(store, $"its high-water mark, at commit {mark.Commit}, is older than its database, at {found}");
        if (found >= mark.Commit) return;
        if (!options.AcceptRegression) throw new StoreRegressedException(store, mark.Commit, found);
        Regression = new StoreRegression(mark.Commit, found);
    }

    private static void VerifyContent(SegmentIndex index, SegmentSet segments)
    {
        foreach (var (digest, location) in index.All()) segments.Read(digest, location);
    }
}
