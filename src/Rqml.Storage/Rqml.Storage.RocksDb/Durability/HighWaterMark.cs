using Microsoft.Win32.SafeHandles;

namespace Rqml.Storage.RocksDb.Durability;

/// <summary>
/// The number of the last commit, kept apart from RocksDB. RocksDB's recovery cannot tell a torn tail from damage further up in its log and drops
/// whatever follows either; the mark can, because it is synced before a commit is acknowledged.
/// </summary>
/// <remarks>Two checksummed slots, each in a page of its own, written in turn: a torn write leaves the other one. Not thread-safe.</remarks>
internal sealed class HighWaterMark : IDisposable
{
    public const int SlotStride = 4096;
    private const int FileBytes = 2 * SlotStride;

    private readonly SafeFileHandle _file;
    private readonly byte[] _slot = new byte[MarkSlot.Bytes];

    private HighWaterMark(SafeFileHandle file, MarkSlot current)
    {
        _file = file;
        Current = current;
    }

    /// <summary>What the mark says now.</summary>
    public MarkSlot Current { get; private set; }

    /// <summary>Writes the mark of a store that is being created, whole or not at all.</summary>
    public static HighWaterMark Create(string path, Guid storeId, int format)
    {
        var first = new MarkSlot(format, MarkState.Creating, storeId, Generation: 0, Commit: 0);
        var content = new byte[FileBytes];
        first.Write(content);
        (first with { Generation = 1 }).Write(content.AsSpan(SlotStride));
        var draft = path + ".new";
        using (var file = File.OpenHandle(draft, FileMode.Create, FileAccess.ReadWrite))
        {
            RandomAccess.Write(file, content, fileOffset: 0);
            DiskSync.Flush(file);
        }

        File.Move(draft, path, overwrite: true);
        DiskSync.FlushFolder(Path.GetDirectoryName(path)!);
        return new HighWaterMark(File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite), first with { Generation = 1 });
    }

    /// <exception cref="StoreCorruptException">Neither slot is whole.</exception>
    public static HighWaterMark Open(string path, string store)
    {
        var file = File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite);
        try
        {
            var content = new byte[FileBytes];
            var length = RandomAccess.Read(file, content, fileOffset: 0);
            MarkSlot.TryRead(content.AsSpan(0, Math.Min(length, SlotStride)), out var even);
            MarkSlot.TryRead(content.AsSpan(0, length)[Math.Min(length, SlotStride)..], out var odd);
            var newest = (even?.Generation ?? -1) > (odd?.Generation ?? -1) ? even : odd;
            if (newest is null) throw new StoreCorruptException(store, "both slots of its high-water mark are unreadable");
            return new HighWaterMark(file, newest.Value);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Returns once the mark is durable.</summary>
    public void Advance(MarkState state, long commit)
    {
        var next = Current with { State = state, Commit = commit, Generation = Current.Generation + 1 };
        next.Write(_slot);
        RandomAccess.Write(_file, _slot, OffsetOf(next.Generation));
        DiskSync.Flush(_file);
        Current = next;
    }

    /// <summary>Where the slot of a generation lies in the file.</summary>
    public static long OffsetOf(long generation) => (generation & 1) * SlotStride;

    public void Dispose() => _file.Dispose();
}
