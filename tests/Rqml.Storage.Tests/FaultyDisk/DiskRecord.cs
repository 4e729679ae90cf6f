using System.Buffers.Binary;
using System.Text;

namespace Rqml.Storage.Tests.FaultyDisk;

/// <summary>One change or sync that the preload library saw. Its head says what the letters mean.</summary>
internal readonly record struct DiskRecord(char Kind, uint File, long At, byte[] Data)
{
    private const int HeaderBytes = 17;

    public string Path => Encoding.UTF8.GetString(Data);

    /// <summary>Reads a log up to its end, or to the record that a kill has torn.</summary>
    public static IEnumerable<DiskRecord> ReadAll(string path)
    {
        using var log = new FileStream(path, FileMode.Open, FileAccess.Read);
        var header = new byte[HeaderBytes];
        while (log.ReadAtLeast(header, HeaderBytes, throwOnEndOfStream: false) == HeaderBytes)
        {
            var data = new byte[BinaryPrimitives.ReadInt32LittleEndian(header.AsSpan(13))];
            if (log.ReadAtLeast(data, data.Length, throwOnEndOfStream: false) < data.Length) yield break;
            yield return new DiskRecord((char)header[0], BinaryPrimitives.ReadUInt32LittleEndian(header.AsSpan(1)), BinaryPrimitives.ReadInt64LittleEndian(header.AsSpan(5)), data);
        }
    }
}
