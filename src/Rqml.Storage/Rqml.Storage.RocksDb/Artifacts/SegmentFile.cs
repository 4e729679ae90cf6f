using System.Globalization;
using Microsoft.Win32.SafeHandles;
using Rqml.Storage.RocksDb.Durability;

namespace Rqml.Storage.RocksDb.Artifacts;

/// <summary>One append-only file of artifact records. Appended to by one thread; records may be read by any while the file is open.</summary>
internal sealed class SegmentFile : IDisposable
{
    private const string Extension = ".segment";

    private readonly SafeFileHandle _file;
    private readonly string _path;

    private SegmentFile(string path, uint number, SafeFileHandle file, long length)
    {
        _path = path;
        _file = file;
        Number = number;
        Length = length;
    }

    public uint Number { get; }

    /// <summary>Bytes in the file; the next record begins here.</summary>
    public long Length { get; private set; }

    /// <summary>Bytes of the records that the index points to.</summary>
    public long LiveBytes { get; set; }

    /// <summary>Where the rewriting of this segment has got to.</summary>
    public long RewrittenTo { get; set; } = SegmentHeader.Bytes;

    /// <summary>A record in it cannot be walked over or is damaged: it is left as it is, and its readers are told.</summary>
    public bool IsUnmovable { get; set; }

    /// <summary>Nothing in it is live; it goes when the scans that may need it are over.</summary>
    public bool IsRetired { get; set; }

    /// <summary>Whether something has been appended since the last flush.</summary>
    public bool IsDirty { get; private set; }

    public bool IsMostlyDead => LiveBytes * 2 < Length - SegmentHeader.Bytes;

    public static string PathOf(string folder, uint number) => Path.Combine(folder, number.ToString("x8", CultureInfo.InvariantCulture) + Extension);

    /// <summary>The numbers of the segments in a folder, in order. Other files are not ours and left alone.</summary>
    public static IEnumerable<uint> In(string folder) => Directory.EnumerateFiles(folder, "*" + Extension)
        .Select(path => uint.TryParse(Path.GetFileNameWithoutExtension(path), NumberStyles.HexNumber, CultureInfo.InvariantCulture, out var number) ? number : 0)
        .Where(number => number != 0)
        .Order();

    public static SegmentFile Create(string folder, SegmentHeader header)
    {
        var path = PathOf(folder, header.Number);
        var file = File.OpenHandle(path, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.Read);
        Span<byte> bytes = stackalloc byte[SegmentHeader.Bytes];
        header.Write(bytes);
        RandomAccess.Write(file, bytes, fileOffset: 0);
        return new SegmentFile(path, header.Number, file, SegmentHeader.Bytes) { IsDirty = true };
    }

    /// <summary>Opens a segment that holds live records.</summary>
    /// <exception cref="InvalidDataException">It is not the one that its name says.</exception>
    public static SegmentFile Open(string folder, SegmentHeader expected)
    {
        var path = PathOf(folder, expected.Number);
        var file = File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite, FileShare.Read);
        Span<byte> bytes = stackalloc byte[SegmentHeader.Bytes];
        var read = RandomAccess.Read(file, bytes, fileOffset: 0);
        if (SegmentHeader.TryRead(bytes[..read], out var found) && found == expected) return new SegmentFile(path, expected.Number, file, RandomAccess.GetLength(file));
        file.Dispose();
        throw new InvalidDataException($"the header of segment {expected.Number:x8} is damaged");
    }

    /// <summary>Appends a record and returns where it begins. It is durable after the next <see cref="Flush"/>.</summary>
    public long Append(in RecordHeader header, ReadOnlySpan<byte> stored)
    {
        Span<byte> bytes = stackalloc byte[RecordHeader.Bytes];
        header.Write(bytes);
        var offset = Length;
        RandomAccess.Write(_file, bytes, offset);
        RandomAccess.Write(_file, stored, offset + RecordHeader.Bytes);
        Length += RecordHeader.Bytes + stored.Length;
        IsDirty = true;
        return offset;
    }

    public void Flush()
    {
        if (!IsDirty) return;
        DiskSync.Flush(_file);
        IsDirty = false;
    }

    /// <summary>The header of the record that begins at an offset; false at the end, or where there is none.</summary>
    public bool TryReadHeader(long offset, out RecordHeader header)
    {
        Span<byte> bytes = stackalloc byte[RecordHeader.Bytes];
        var read = RandomAccess.Read(_file, bytes, offset);
        return RecordHeader.TryRead(bytes[..read], out header) && offset + RecordHeader.Bytes + header.StoredBytes <= Length;
    }

    /// <summary>Reads what is stored of a record.</summary>
    /// <exception cref="InvalidDataException">The file ends before the record does.</exception>
    public void Read(in RecordLocation location, Span<byte> stored)
    {
        var at = location.Offset + RecordHeader.Bytes;
        while (!stored.IsEmpty)
        {
            var read = RandomAccess.Read(_file, stored, at);
            if (read == 0) throw new InvalidDataException($"segment {Number:x8} ends before its record at {location.Offset} does");
            stored = stored[read..];
            at += read;
        }
    }

    /// <summary>Drops what follows the last whole record, which a crash has left there, so that the segment can be appended to again.</summary>
    /// <returns>False where the records cannot be followed to the end of the last live one.</returns>
    public bool TryTrimTail(long liveEnd)
    {
        var end = (long)SegmentHeader.Bytes;
        while (TryReadHeader(end, out var header)) end += RecordHeader.Bytes + header.StoredBytes;
        if (end < liveEnd) return false;
        if (end == Length) return true;
        RandomAccess.SetLength(_file, end);
        Length = end;
        IsDirty = true;
        return true;
    }

    public void Delete()
    {
        Dispose();
        File.Delete(_path);
    }

    public void Dispose() => _file.Dispose();
}
