using System.Buffers;
using Rqml.Storage.RocksDb.Database;
using Rqml.Storage.RocksDb.Database.Native;

namespace Rqml.Storage.RocksDb.Artifacts;

/// <summary>Copies the live records of a mostly dead segment to the active one, a bounded piece at a time, until the segment can be deleted.</summary>
internal sealed class SegmentRewrite(KeyValueDatabase database, SegmentIndex index, SegmentSet segments, StoreTuning tuning) : IDisposable
{
    // A header costs one small read; this many take about as long as the copying.
    private const int HeadersPerStep = 1024;

    private readonly NativeBatch _batch = new();

    /// <summary>Takes the next piece of work; false where there is none.</summary>
    public bool Step()
    {
        if (segments.FindMostlyDead() is not { } file) return false;
        _batch.Clear();
        var moved = Copy(file);
        if (moved == 0) return true;
        segments.Flush();
        tuning.OnStep?.Invoke(StoreStep.RewriteCopied);
        database.WriteSynced(_batch);
        tuning.OnStep?.Invoke(StoreStep.RewriteIndexed);
        return true;
    }

    public void Dispose() => _batch.Dispose();

    private int Copy(SegmentFile file)
    {
        var (moved, bytes) = (0, 0L);
        for (var headers = 0; headers < HeadersPerStep && bytes < tuning.RewriteBytes && file.LiveBytes > 0; headers++)
        {
            // Live records are left and cannot be reached, or one is damaged: its readers get the error, and the others keep their place.
            if (!file.TryReadHeader(file.RewrittenTo, out var header) || !TryMove(file, header, out var isLive))
            {
                file.IsUnmovable = true;
                break;
            }

            file.RewrittenTo += RecordHeader.Bytes + (long)header.StoredBytes;
            if (!isLive) continue;
            moved++;
            bytes += header.StoredBytes;
        }

        return moved;
    }

    private bool TryMove(SegmentFile file, in RecordHeader header, out bool isLive)
    {
        isLive = index.TryGet(header.Digest, options: null, out var location) && location.Segment == file.Number && location.Offset == file.RewrittenTo;
        if (!isLive) return true;
        var stored = ArrayPool<byte>.Shared.Rent(location.StoredBytes);
        try
        {
            SegmentRecord.Read(file, header.Digest, location);
            file.Read(location, stored.AsSpan(0, location.StoredBytes));
            var moved = segments.Append(header, stored.AsSpan(0, location.StoredBytes), location.References);
            index.Put(_batch, header.Digest, moved);
            segments.Gain(moved);
            segments.Lose(location);
            return true;
        }
        catch (InvalidDataException)
        {
            return false;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(stored);
        }
    }
}
