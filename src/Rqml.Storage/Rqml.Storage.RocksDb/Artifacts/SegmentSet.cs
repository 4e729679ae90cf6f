using System.Collections.Concurrent;
using Rqml.Storage.RocksDb.Durability;

namespace Rqml.Storage.RocksDb.Artifacts;

/// <summary>All segments of a store: which one is appended to, how much of each is live, and which are waiting to be deleted.</summary>
/// <remarks>Changed by the commit thread alone. <see cref="Read"/> may be called by anybody who holds a lease.</remarks>
internal sealed class SegmentSet : IDisposable
{
    private readonly ConcurrentDictionary<uint, SegmentFile> _files = new();
    private readonly Queue<(SegmentFile File, long Epoch)> _retired = new();
    private readonly string _folder;
    private readonly Guid _storeId;
    private readonly int _segmentBytes;
    private readonly Action<StoreStep>? _onStep;
    private SegmentFile? _active;
    private uint _lastNumber;
    private bool _hasNewNames;

    // Set when a record dies, so that the commits that kill none pay nothing for housekeeping.
    private bool _hasNewDead = true;

    private SegmentSet(string folder, Guid storeId, int segmentBytes, Action<StoreStep>? onStep)
    {
        _folder = folder;
        _storeId = storeId;
        _segmentBytes = segmentBytes;
        _onStep = onStep;
    }

    /// <summary>Whether no record is live in any of them.</summary>
    public bool IsEmpty => LiveRecords == 0;

    public long LiveRecords { get; private set; }

    public int Count => _files.Count;

    /// <summary>Opens the segments that the index names, checks that they reach as far as it says, and deletes those that it does not name.</summary>
    /// <exception cref="InvalidDataException">A segment is not what the index says.</exception>
    /// <exception cref="FileNotFoundException">A segment is missing.</exception>
    public static SegmentSet Open(string folder, Guid storeId, SegmentIndex index, RocksDbOptions options, Action<StoreStep>? onStep)
    {
        var set = new SegmentSet(folder, storeId, options.SegmentBytes, onStep);
        try
        {
            set.OpenLive(index);
            set.DeleteOrphans();
            return set;
        }
        catch
        {
            set.Dispose();
            throw;
        }
    }

    /// <summary>Appends a record to the active segment; it is durable after the next <see cref="Flush"/>.</summary>
    public RecordLocation Append(in RecordHeader header, ReadOnlySpan<byte> stored, int references)
    {
        var active = ActiveFor(RecordHeader.Bytes + (long)stored.Length);
        var offset = active.Append(header, stored);
        return new RecordLocation(active.Number, offset, stored.Length, header.ContentBytes, header.Codec, references);
    }

    /// <summary>Returns once every appended record, and the name of every new file, is durable.</summary>
    public void Flush()
    {
        if (_active is not { IsDirty: true }) return;
        _onStep?.Invoke(StoreStep.SegmentWritten);
        _active.Flush();
        if (_hasNewNames) DiskSync.FlushFolder(_folder);
        _hasNewNames = false;
        _onStep?.Invoke(StoreStep.SegmentSynced);
    }

    /// <summary>Counts a record as live from now on.</summary>
    public void Gain(in RecordLocation location)
    {
        _files[location.Segment].LiveBytes += location.RecordBytes;
        LiveRecords++;
    }

    /// <summary>Counts a record as dead from now on.</summary>
    public void Lose(in RecordLocation location)
    {
        _files[location.Segment].LiveBytes -= location.RecordBytes;
        LiveRecords--;
        _hasNewDead = true;
    }

    /// <summary>Reads a record and checks it against its digest.</summary>
    /// <exception cref="InvalidDataException">It does not match, or is not there.</exception>
    public byte[] Read(Digest digest, in RecordLocation location)
    {
        if (!_files.TryGetValue(location.Segment, out var file)) throw new InvalidDataException($"segment {location.Segment:x8} is missing");
        return SegmentRecord.Read(file, digest, location);
    }

    /// <summary>Whether something has died, or has yet to be deleted, since housekeeping found nothing to do.</summary>
    public bool NeedsHousekeeping => _hasNewDead || _retired.Count > 0;

    /// <summary>Says that housekeeping has found nothing left to do.</summary>
    public void Settle() => _hasNewDead = false;

    /// <summary>A closed segment, more than half dead, that can be rewritten; null where there is none.</summary>
    public SegmentFile? FindMostlyDead() =>
        _files.Values.Where(file => file != _active && file is { IsUnmovable: false, LiveBytes: > 0, IsMostlyDead: true }).MinBy(file => file.Number);

    /// <summary>Takes closed segments without live records out of use, and deletes those that nobody reads any more.</summary>
    public void DeleteDead(ReadLeases leases)
    {
        foreach (var file in _files.Values)
        {
            if (file == _active || file.LiveBytes > 0 || file.IsRetired) continue;
            file.IsRetired = true;
            _retired.Enqueue((file, leases.Advance()));
        }

        while (_retired.TryPeek(out var oldest) && leases.IsOver(oldest.Epoch))
        {
            _onStep?.Invoke(StoreStep.SegmentDeleting);
            _files.TryRemove(_retired.Dequeue().File.Number, out _);
            oldest.File.Delete();
        }
    }

    public void Dispose()
    {
        foreach (var file in _files.Values) file.Dispose();
    }

    private void OpenLive(SegmentIndex index)
    {
        var ends = new Dictionary<uint, long>();
        foreach (var (_, location) in index.All())
        {
            if (!_files.ContainsKey(location.Segment)) _files[location.Segment] = SegmentFile.Open(_folder, new SegmentHeader(_storeId, location.Segment));
            ends[location.Segment] = Math.Max(ends.GetValueOrDefault(location.Segment), location.End);
            Gain(location);
        }

        foreach (var (number, end) in ends)
        {
            if (end > _files[number].Length) throw new InvalidDataException($"segment {number:x8} has {_files[number].Length} bytes; its records need {end}");
        }

        if (ends.Count == 0) return;
        var last = ends.Keys.Max();
        if (_files[last].Length < _segmentBytes && _files[last].TryTrimTail(ends[last])) _active = _files[last];
    }

    private void DeleteOrphans()
    {
        foreach (var number in SegmentFile.In(_folder))
        {
            _lastNumber = number;
            if (!_files.ContainsKey(number)) File.Delete(SegmentFile.PathOf(_folder, number));
        }
    }

    private SegmentFile ActiveFor(long recordBytes)
    {
        if (_active is { } active && (active.Length == SegmentHeader.Bytes || active.Length + recordBytes <= _segmentBytes)) return active;
        _active?.Flush();
        _active = SegmentFile.Create(_folder, new SegmentHeader(_storeId, ++_lastNumber));
        _files[_active.Number] = _active;
        _hasNewNames = true;
        _onStep?.Invoke(StoreStep.SegmentCreated);
        return _active;
    }
}
