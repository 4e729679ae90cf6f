using System.Buffers.Binary;
using Rqml.Storage;
using Rqml.Storage.RocksDb;
using Rqml.Storage.RocksDb.Artifacts;
using Rqml.Storage.RocksDb.Database;
using Rqml.Storage.RocksDb.Database.Native;
using Rqml.Storage.RocksDb.Durability;

namespace Rqml.Fuzz.Targets;

/// <summary>What the RocksDB store reads: its mark, its segments, RocksDB's logs before RocksDB does, and its own records in RocksDB.</summary>
internal sealed class RocksDbTargets : IDisposable
{
    // A zstd block holds at most 128 KiB and takes at least 4 bytes: so much the shortest frame may honestly hold.
    private const long MostCompressed = 32_768;
    private static readonly Guid StoreId = new("0f8fad5b-d9cb-469f-a165-70867728950e");
    private static readonly Type[] Invalid = [typeof(InvalidDataException)];
    private static readonly Type[] Corrupt = [typeof(StoreCorruptException)];

    private readonly string _folder = Directory.CreateDirectory(Path.Combine(Directory.Exists("/dev/shm") ? "/dev/shm" : Path.GetTempPath(), $"rqml-fuzz-{Guid.NewGuid():n}")).FullName;
    private byte[]? _database;

    public IEnumerable<FuzzTarget> All() =>
    [
        new("mark-slot", Many(16, MarkSlotOf), ReadMarkSlot) { Repair = bytes => Checksummed(bytes, 60) },
        new("mark-file", Many(16, MarkFileOf), ReadMarkFile) { Repair = RepairMarkFile, Refusals = Corrupt, Cost = 8 },
        new("segment-header", Many(8, SegmentHeaderOf), ReadSegmentHeader) { Repair = bytes => Checksummed(bytes, 28) },
        new("record-header", Many(8, RecordHeaderOf), ReadRecordHeader) { Repair = bytes => Checksummed(bytes, 48) },
        new("record-location", Many(8, RecordLocationOf), ReadRecordLocation) { Refusals = Invalid },
        new("artifact-value", Many(16, ArtifactValueOf), ReadArtifactValue) { Refusals = Invalid, BytesPerByte = MostCompressed },
        new("segment-file", Many(8, SegmentFileOf), ReadSegmentFile) { Repair = RepairSegmentFile, Refusals = Invalid, BytesPerByte = MostCompressed, Cost = 8 },
        new("log", Many(8, LogOf), ReadLog) { Refusals = Invalid, Cost = 16 },
        new("own-records", Many(12, OwnRecordOf), ReadOwnRecords) { Refusals = [typeof(StoreCorruptException), typeof(StoreRegressedException)], BytesPerByte = 1 << 20, Cost = 400 },
    ];

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static byte[][] Many(int count, Func<int, byte[]> write) => [.. Enumerable.Range(0, count).Select(write)];

    private string Fresh(string name)
    {
        var path = Path.Combine(_folder, name);
        if (Directory.Exists(path)) Directory.Delete(path, recursive: true);
        return path;
    }

    private static byte[] Checksummed(byte[] bytes, int at)
    {
        if (bytes.Length < at + sizeof(uint)) return bytes;
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(at), Checksum.Of(bytes.AsSpan(0, at)));
        return bytes;
    }

    private static byte[] MarkSlotOf(int number)
    {
        var slot = new byte[MarkSlot.Bytes];
        new MarkSlot(1, (MarkState)(number % 3), StoreId, number, number * 1_000L).Write(slot);
        return slot;
    }

    private static byte[]? ReadMarkSlot(byte[] bytes)
    {
        if (!MarkSlot.TryRead(bytes, out var slot)) return null;
        var written = new byte[MarkSlot.Bytes];
        slot.Value.Write(written);
        return written;
    }

    private static byte[] MarkFileOf(int number)
    {
        var file = new byte[HighWaterMark.SlotStride + MarkSlot.Bytes];
        MarkSlotOf(number).CopyTo(file, 0);
        MarkSlotOf(number + 1).CopyTo(file, HighWaterMark.SlotStride);
        return file;
    }

    private static byte[] RepairMarkFile(byte[] bytes)
    {
        Checksummed(bytes, 60);
        if (bytes.Length > HighWaterMark.SlotStride) Checksummed(bytes[HighWaterMark.SlotStride..], 60).CopyTo(bytes, HighWaterMark.SlotStride);
        return bytes;
    }

    private byte[] ReadMarkFile(byte[] bytes)
    {
        var path = Path.Combine(_folder, "highwater");
        File.WriteAllBytes(path, bytes);
        using var mark = HighWaterMark.Open(path, "fuzzed");
        var slot = new byte[MarkSlot.Bytes];
        mark.Current.Write(slot);
        return slot;
    }

    private static byte[] SegmentHeaderOf(int number)
    {
        var header = new byte[SegmentHeader.Bytes];
        new SegmentHeader(StoreId, (uint)number + 1).Write(header);
        return header;
    }

    private static byte[]? ReadSegmentHeader(byte[] bytes)
    {
        if (!SegmentHeader.TryRead(bytes, out var header)) return null;
        var written = new byte[SegmentHeader.Bytes];
        header.Write(written);
        return written;
    }

    private static byte[] RecordHeaderOf(int number)
    {
        var header = new byte[RecordHeader.Bytes];
        new RecordHeader(Digest.Of([(byte)number]), number * 100, number * 1_000, (ArtifactCodec)(number % 2)).Write(header);
        return header;
    }

    private static byte[]? ReadRecordHeader(byte[] bytes)
    {
        if (!RecordHeader.TryRead(bytes, out var header)) return null;
        var written = new byte[RecordHeader.Bytes];
        header.Write(written);
        return written;
    }

    private static byte[] RecordLocationOf(int number)
    {
        var location = new byte[RecordLocation.Bytes];
        new RecordLocation((uint)number, SegmentHeader.Bytes + number, number * 10, number * 100, (ArtifactCodec)(number % 2), 1 + number).Write(location);
        return location;
    }

    private static byte[] ReadRecordLocation(byte[] bytes)
    {
        var location = RecordLocation.Read(bytes);
        if (location.End < location.Offset) throw new InvalidOperationException("A location ends before it begins.");
        var written = new byte[RecordLocation.Bytes];
        location.Write(written);
        return written;
    }

    private static byte[] ContentOf(int number)
    {
        var content = new byte[600 + number * 200];
        new Random(number).NextBytes(content.AsSpan(0, content.Length / 4));
        return content;
    }

    private static byte[] ArtifactValueOf(int number)
    {
        var content = ContentOf(number);
        if (number % 4 == 0) return Pointer(Digest.Of(content));
        if (number % 4 == 1) return [0, .. content];
        using var compressor = new ArtifactCompressor();
        if (!compressor.TryCompress(content, out var frame)) throw new InvalidOperationException("A sample does not compress.");
        var value = new byte[ArtifactValue.ZstdHeaderBytes + frame.Length];
        ArtifactValue.WriteZstdHeader(value, content.Length);
        frame.CopyTo(value.AsSpan(ArtifactValue.ZstdHeaderBytes));
        return value;
    }

    private static byte[] Pointer(Digest digest)
    {
        var pointer = new byte[ArtifactValue.PointerBytes];
        ArtifactValue.WritePointer(pointer, digest);
        return pointer;
    }

    private static byte[] ReadArtifactValue(byte[] bytes) =>
        ArtifactValue.IsPointer(bytes, out var digest) ? Pointer(digest) : [0, .. ArtifactValue.ReadInline(bytes)];

    private byte[] SegmentFileOf(int number)
    {
        Directory.CreateDirectory(_folder);
        File.Delete(SegmentFile.PathOf(_folder, 1));
        using var file = SegmentFile.Create(_folder, new SegmentHeader(StoreId, 1));
        using var compressor = new ArtifactCompressor();
        for (var record = 0; record < 3; record++)
        {
            var content = ContentOf(number + record);
            if (record != 1 && compressor.TryCompress(content, out var frame)) file.Append(new RecordHeader(Digest.Of(content), frame.Length, content.Length, ArtifactCodec.Zstd), frame);
            else file.Append(new RecordHeader(Digest.Of(content), content.Length, content.Length, ArtifactCodec.Raw), content);
        }

        file.Dispose();
        return File.ReadAllBytes(SegmentFile.PathOf(_folder, 1));
    }

    /// <summary>Every header of a record is made right, wherever its magic number stands.</summary>
    private static byte[] RepairSegmentFile(byte[] bytes)
    {
        Checksummed(bytes, 28);
        for (var at = SegmentHeader.Bytes; at + RecordHeader.Bytes <= bytes.Length; at++)
        {
            if (bytes.AsSpan(at).StartsWith("RQAR"u8)) Checksummed(bytes[at..(at + RecordHeader.Bytes)], 48).CopyTo(bytes, at);
        }

        return bytes;
    }

    private byte[]? ReadSegmentFile(byte[] bytes)
    {
        File.WriteAllBytes(SegmentFile.PathOf(_folder, 1), bytes);
        using var file = SegmentFile.Open(_folder, new SegmentHeader(StoreId, 1));
        for (long at = SegmentHeader.Bytes; file.TryReadHeader(at, out var header); at += RecordHeader.Bytes + header.StoredBytes)
        {
            SegmentRecord.Read(file, header.Digest, new RecordLocation(1, at, header.StoredBytes, header.ContentBytes, header.Codec, 1));
        }

        file.TryTrimTail(liveEnd: SegmentHeader.Bytes);
        file.Dispose();
        return File.ReadAllBytes(SegmentFile.PathOf(_folder, 1));
    }

    /// <summary>A write-ahead log of RocksDB, and which of the two files it is to be: the log, or the manifest.</summary>
    private byte[] LogOf(int number)
    {
        var path = Fresh("log-sample");
        using (var database = KeyValueDatabase.Open(path, new RocksDbOptions { Path = path }, create: true))
        {
            using var batch = new NativeBatch();
            for (var record = 0; record <= number; record++)
            {
                batch.Clear();
                batch.Put(BitConverter.GetBytes(record), ContentOf(record), database[StoreFamily.Ledger]);
                database.WriteSynced(batch);
            }

            var file = Directory.EnumerateFiles(path, number % 2 == 0 ? "*.log" : "MANIFEST-*").Order(StringComparer.Ordinal).Last();
            using var copy = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
            var bytes = new byte[1 + copy.Length];
            bytes[0] = (byte)(number % 2);
            copy.ReadExactly(bytes.AsSpan(1));
            return bytes;
        }
    }

    private byte[]? ReadLog(byte[] bytes)
    {
        if (bytes.Length == 0) return null;
        var isLog = bytes[0] % 2 == 0;
        var folder = Fresh("logs");
        Directory.CreateDirectory(folder);
        File.WriteAllText(Path.Combine(folder, "CURRENT"), "MANIFEST-000005\n");
        var path = Path.Combine(folder, isLog ? "000004.log" : "MANIFEST-000005");
        File.WriteAllBytes(path, bytes[1..]);
        LogTrap.Disarm(folder);
        return [bytes[0], .. File.ReadAllBytes(path)];
    }

    /// <summary>A record of the store's own family, or an artifact's value: length of the key, key, value.</summary>
    private static byte[] OwnRecordOf(int number)
    {
        var digest = Digest.Of([(byte)number]);
        var key = new byte[1 + Digest.Bytes];
        key[0] = (byte)'s';
        digest.Write(key.AsSpan(1));
        var (name, value) = (number % 6) switch
        {
            0 => (key, RecordLocationOf(number)),
            1 => ([(byte)'i'], StoreId.ToByteArray()),
            2 => ([(byte)'b'], [0, 0, 0, 0, 0, 0, 0, 1]),
            3 => ([(byte)'c', 0, 0, 0, 0, 0, 0, 0, (byte)number], []),
            4 => ([(byte)'a', (byte)number], Pointer(digest)),
            _ => (new byte[] { (byte)'a', (byte)number }, ArtifactValueOf(number)),
        };
        return [(byte)name.Length, .. name, .. value];
    }

    /// <summary>Puts one record into a store that is whole, behind RocksDB's own checksums, and opens and reads all of it.</summary>
    private byte[]? ReadOwnRecords(byte[] bytes)
    {
        if (bytes.Length == 0 || bytes.Length < 1 + bytes[0]) return null;
        var path = Fresh("store");
        var options = new RocksDbOptions { Path = path, WriteBufferBytes = 64 << 10 };
        Unpack(path, options);
        using (var database = KeyValueDatabase.Open(Path.Combine(path, "db"), options, create: false))
        {
            using var batch = new NativeBatch();
            var isArtifact = bytes[0] > 0 && bytes[1] == (byte)'a';
            batch.Put(bytes.AsSpan(1, bytes[0]), bytes.AsSpan(1 + bytes[0]), isArtifact ? database[StoreFamily.Artifact] : database.Own);
            database.WriteSynced(batch);
        }

        ReadAllAsync(options).GetAwaiter().GetResult();
        return null;
    }

    private static async Task ReadAllAsync(RocksDbOptions options)
    {
        await using var store = new RocksDbStore(options);
        await store.OpenAsync(CancellationToken.None);
        foreach (var family in Enum.GetValues<StoreFamily>())
        {
            foreach (var entry in store.Scan(family, default)) store.TryGet(family, entry.Key, out _);
        }
    }

    private void Unpack(string path, RocksDbOptions options)
    {
        if (_database is null)
        {
            CreateAsync(options).GetAwaiter().GetResult();
            var archive = new MemoryStream();
            System.IO.Compression.ZipFile.CreateFromDirectory(path, archive);
            _database = archive.ToArray();
            Directory.Delete(path, recursive: true);
        }

        System.IO.Compression.ZipFile.ExtractToDirectory(new MemoryStream(_database), path);
    }

    private static async Task CreateAsync(RocksDbOptions options)
    {
        await using var store = new RocksDbStore(options);
        await store.OpenAsync(CancellationToken.None);
        var batch = new WriteBatch();
        batch.Put(StoreFamily.Artifact, "small"u8, new byte[100]);
        batch.Put(StoreFamily.Artifact, "large"u8, new byte[100_000]);
        batch.Put(StoreFamily.Ledger, "x"u8, [1]);
        await store.CommitAsync(batch, CancellationToken.None);
    }
}
