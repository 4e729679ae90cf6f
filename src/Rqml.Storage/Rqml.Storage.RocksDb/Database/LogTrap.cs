using System.Buffers;
using System.Buffers.Binary;
using Microsoft.Win32.SafeHandles;
using Rqml.Storage.RocksDb.Durability;

namespace Rqml.Storage.RocksDb.Database;

/// <summary>
/// Finds the one kind of damage from which RocksDB does not come back: its log reader (seen in 11.12) goes round for ever at a record that claims to be of a log
/// that is used a second time and is not the file's first. We use no log again, so such a record is damage, and one flipped bit makes it of an ordinary one.
/// </summary>
/// <remarks>The format: blocks of 32 KiB, and in them records of a masked CRC-32C (4 bytes), a length (2), a type (1), and content; none crosses the end of its block.</remarks>
internal static class LogTrap
{
    private const int BlockBytes = 32 << 10;
    private const int HeaderBytes = 7;
    private const int TypeAt = 6;
    private const uint MaskDelta = 0xA282EAD8;
    private const byte NoType = 0x7F;      // of no record; the reader takes it for damage, and the log ends there

    /// <summary>Makes sure that the database's logs can be read to their ends.</summary>
    /// <returns>What was made harmless in a write-ahead log: it ends there now, as at any other damage, and the high-water mark tells whether anything is lost. Null as a rule.</returns>
    /// <exception cref="InvalidDataException">The manifest is damaged so.</exception>
    public static string? Disarm(string database)
    {
        if (!Directory.Exists(database)) return null;
        var current = Path.Combine(database, "CURRENT");
        var manifest = File.Exists(current) ? Path.Combine(database, Path.GetFileName(File.ReadAllText(current).Trim())) : "";
        if (File.Exists(manifest) && Find(manifest) is { } at) throw new InvalidDataException($"the record at byte {at} of {Path.GetFileName(manifest)} is of a kind that is never written");

        string? disarmed = null;
        foreach (var log in Directory.EnumerateFiles(database, "*.log"))
        {
            if (Find(log) is not { } trap) continue;
            using var file = File.OpenHandle(log, FileMode.Open, FileAccess.ReadWrite);
            RandomAccess.Write(file, [NoType], trap + TypeAt);
            DiskSync.Flush(file);
            disarmed = $"the record at byte {trap} of {Path.GetFileName(log)}";
        }

        return disarmed;
    }

    /// <summary>Where the first record that cannot be read begins, if it is such a one.</summary>
    private static long? Find(string log)
    {
        using var file = File.OpenHandle(log, options: FileOptions.SequentialScan);
        var block = ArrayPool<byte>.Shared.Rent(BlockBytes);
        try
        {
            for (var from = 0L; ; from += BlockBytes)
            {
                var length = ReadBlock(file, from, block);
                var end = Walk(block.AsSpan(0, length), from == 0, out var isTrap);
                if (isTrap) return from + end;
                if (end < length - (HeaderBytes - 1) || length < BlockBytes) return null;      // something else that the reader knows what to do with, or the end
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(block);
        }
    }

    /// <summary>The place behind the last record of the block that can be read.</summary>
    private static int Walk(ReadOnlySpan<byte> block, bool isFirst, out bool isTrap)
    {
        isTrap = false;
        var at = 0;
        while (block.Length - at >= HeaderBytes)
        {
            var record = block[at..];
            if (IsOfReusedLog(record[TypeAt]) && !(isFirst && at == 0))
            {
                isTrap = true;
                return at;
            }

            var length = HeaderBytes + BinaryPrimitives.ReadUInt16LittleEndian(record[4..]);
            if (length > record.Length || BinaryPrimitives.ReadUInt32LittleEndian(record) != Masked(Checksum.Of(record[TypeAt..length]))) return at;
            at += length;
        }

        return at;
    }

    private static bool IsOfReusedLog(byte type) => type is (>= 5 and <= 8) or 11;

    private static uint Masked(uint crc) => unchecked(((crc >> 15) | (crc << 17)) + MaskDelta);

    private static int ReadBlock(SafeFileHandle file, long from, byte[] block)
    {
        var length = 0;
        while (length < BlockBytes && RandomAccess.Read(file, block.AsSpan(length, BlockBytes - length), from + length) is > 0 and var read) length += read;
        return length;
    }
}
