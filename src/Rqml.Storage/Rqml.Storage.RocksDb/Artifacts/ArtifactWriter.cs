using System.Buffers;
using Rqml.Storage.RocksDb.Database;
using Rqml.Storage.RocksDb.Database.Native;

namespace Rqml.Storage.RocksDb.Artifacts;

/// <summary>
/// Turns the artifact operations of one commit into RocksDB operations: small content inline, large content appended to a segment under its digest,
/// with the count of keys that point to it. Used by the commit thread alone; reused from commit to commit.
/// </summary>
internal sealed class ArtifactWriter(KeyValueDatabase database, SegmentIndex index, SegmentSet segments, int segmentThreshold) : IDisposable
{
    // What the commit has changed so far, ahead of the database: the pointer that a key holds now (null: none), and the records it touched.
    private readonly Dictionary<byte[], Digest?> _pointers = new(KeyBytes.Comparer);
    private readonly Dictionary<Digest, Change> _changes = [];
    private readonly ArtifactCompressor _compressor = new();
    private readonly ColumnFamily _family = database[StoreFamily.Artifact];
    private byte[] _value = [];

    /// <summary>A record that a commit touches.</summary>
    /// <param name="Before">As the index had it; null where it is new.</param>
    /// <param name="Now">As it will be; without references it is forgotten.</param>
    private readonly record struct Change(RecordLocation? Before, RecordLocation Now)
    {
        public bool IsInPlace => Now.References > 0 && Before is { } before && before with { References = Now.References } == Now;
    }

    public void Put(NativeBatch batch, ReadOnlySpan<byte> key, ReadOnlySpan<byte> content)
    {
        Release(key);
        if (content.Length >= segmentThreshold) PutPointer(batch, key, content);
        else PutInline(batch, key, content);
    }

    public void Delete(NativeBatch batch, ReadOnlySpan<byte> key)
    {
        Release(key);
        batch.Delete(key, _family);
    }

    public void DeletePrefix(NativeBatch batch, ReadOnlySpan<byte> prefix)
    {
        if (!segments.IsEmpty) ReleaseStoredUnder(prefix);
        foreach (var key in _pointers.Keys)
        {
            if (key.AsSpan().StartsWith(prefix)) Release(key);
        }

        KeyValueDatabase.DeleteRange(batch, _family, prefix);
    }

    /// <summary>Adds the changes of the segment index and syncs what was appended. The batch may be written after that.</summary>
    public void Finish(NativeBatch batch)
    {
        foreach (var (digest, change) in _changes)
        {
            if (change.Now.References > 0) index.Put(batch, digest, change.Now);
            else if (change.Before is not null) index.Delete(batch, digest);

            // The accounts may run ahead of the write: if that fails, the store is dead and they with it.
            if (change.IsInPlace) continue;
            if (change.Now.References > 0) segments.Gain(change.Now);
            if (change.Before is { } before) segments.Lose(before);
        }

        _changes.Clear();
        _pointers.Clear();
        segments.Flush();
    }

    public void Dispose() => _compressor.Dispose();

    private void PutInline(NativeBatch batch, ReadOnlySpan<byte> key, ReadOnlySpan<byte> content)
    {
        if (_compressor.TryCompress(content, out var frame))
        {
            var value = Room(ArtifactValue.ZstdHeaderBytes + frame.Length);
            ArtifactValue.WriteZstdHeader(value, content.Length);
            frame.CopyTo(value[ArtifactValue.ZstdHeaderBytes..]);
            batch.Put(key, value, _family);
        }
        else
        {
            var value = Room(ArtifactValue.RawHeaderBytes + content.Length);
            ArtifactValue.WriteRawHeader(value);
            content.CopyTo(value[ArtifactValue.RawHeaderBytes..]);
            batch.Put(key, value, _family);
        }
    }

    private void PutPointer(NativeBatch batch, ReadOnlySpan<byte> key, ReadOnlySpan<byte> content)
    {
        var digest = Digest.Of(content);
        var change = Find(digest);
        if (change is { } known && IsWhole(digest, known.Now, content))
        {
            _changes[digest] = known with { Now = known.Now with { References = known.Now.References + 1 } };
        }
        else
        {
            // New, or stored and damaged since: then the fresh copy takes the place of the damaged one for all its keys.
            var references = (change?.Now.References ?? 0) + 1;
            _changes[digest] = new Change(change?.Before, Append(digest, content, references));
        }

        _pointers[key.ToArray()] = digest;
        Span<byte> pointer = stackalloc byte[ArtifactValue.PointerBytes];
        ArtifactValue.WritePointer(pointer, digest);
        batch.Put(key, pointer, _family);
    }

    private RecordLocation Append(Digest digest, ReadOnlySpan<byte> content, int references)
    {
        return _compressor.TryCompress(content, out var frame)
            ? segments.Append(new RecordHeader(digest, frame.Length, content.Length, ArtifactCodec.Zstd), frame, references)
            : segments.Append(new RecordHeader(digest, content.Length, content.Length, ArtifactCodec.Raw), content, references);
    }

    private bool IsWhole(Digest digest, in RecordLocation location, ReadOnlySpan<byte> content)
    {
        try
        {
            return segments.Read(digest, location).AsSpan().SequenceEqual(content);
        }
        catch (InvalidDataException)
        {
            return false;       // survivable: the caller has the content in hand and stores it anew
        }
    }

    private void ReleaseStoredUnder(ReadOnlySpan<byte> prefix)
    {
        using var stored = database.Walk(_family, prefix);
        while (stored.MoveNext())
        {
            if (!ArtifactValue.IsPointer(stored.Value, out var digest)) continue;
            var key = stored.Key.ToArray();
            if (!_pointers.TryAdd(key, null)) continue;      // the commit has changed it before; its own pointer is released below
            Dereference(digest);
        }
    }

    private void Release(ReadOnlySpan<byte> key)
    {
        if (_pointers.Count > 0)
        {
            var pointers = _pointers.GetAlternateLookup<ReadOnlySpan<byte>>();
            if (pointers.TryGetValue(key, out var own, out var pointer))
            {
                if (pointer is null) return;
                _pointers[own] = null;
                Dereference(pointer.Value);
                return;
            }
        }

        if (segments.IsEmpty) return;
        using var stored = database.Get(_family, key);
        if (!stored.IsFound || !ArtifactValue.IsPointer(stored.Bytes, out var digest)) return;
        _pointers[key.ToArray()] = null;
        Dereference(digest);
    }

    private void Dereference(Digest digest)
    {
        var change = Find(digest) ?? throw new InvalidDataException($"artifact {digest} is not in the segment index");
        _changes[digest] = change with { Now = change.Now with { References = change.Now.References - 1 } };
    }

    private Change? Find(Digest digest)
    {
        if (_changes.TryGetValue(digest, out var change)) return change;
        return index.TryGet(digest, options: null, out var location) ? new Change(location, location) : null;
    }

    private Span<byte> Room(int bytes)
    {
        if (_value.Length < bytes)
        {
            if (_value.Length > 0) ArrayPool<byte>.Shared.Return(_value);
            _value = ArrayPool<byte>.Shared.Rent(bytes);
        }

        return _value.AsSpan(0, bytes);
    }
}
