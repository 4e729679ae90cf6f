using Google.Protobuf.Reflection;

namespace Rqml.Protocol;

/// <summary>Whether every length in a record ends within what it lies in, nested records included.</summary>
/// <remarks>
/// Google.Protobuf (seen in 3.35) adds the length of a nested record to its position without looking for an overflow. A length near 2^31 then passes for one
/// within its limit, and the next length is believed: a frame of 428 bytes made it allocate 38 MB. So lengths are looked through before it reads.
/// </remarks>
internal static class RecordLengths
{
    private const int NumberShift = 3;

    private enum Wire
    {
        Varint = 0,
        Fixed64 = 1,
        Delimited = 2,
        Fixed32 = 5,
    }

    /// <summary>Costs no memory; as deep as the records are nested in their schema, which is bounded as none contains itself.</summary>
    public static bool AreSound(MessageDescriptor record, ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            if (!TryTakeVarint(ref bytes, out var tag)) return false;
            var isTaken = (Wire)(tag & ((1 << NumberShift) - 1)) switch
            {
                Wire.Varint => TryTakeVarint(ref bytes, out _),
                Wire.Fixed64 => TryTake(ref bytes, sizeof(ulong), out _),
                Wire.Fixed32 => TryTake(ref bytes, sizeof(uint), out _),
                Wire.Delimited => TryTakeVarint(ref bytes, out var length) && TryTake(ref bytes, length, out var content) && IsSound(record, tag, content),
                _ => false,      // groups: nobody of ours ever wrote one
            };
            if (!isTaken) return false;
        }

        return true;
    }

    private static bool IsSound(MessageDescriptor record, ulong tag, ReadOnlySpan<byte> content) =>
        tag > int.MaxValue || record.FindFieldByNumber((int)(tag >> NumberShift)) is not { FieldType: FieldType.Message } field || AreSound(field.MessageType, content);

    private static bool TryTake(ref ReadOnlySpan<byte> bytes, ulong length, out ReadOnlySpan<byte> taken)
    {
        taken = default;
        if (length > (ulong)bytes.Length) return false;
        taken = bytes[..(int)length];
        bytes = bytes[(int)length..];
        return true;
    }

    private static bool TryTakeVarint(ref ReadOnlySpan<byte> bytes, out ulong value)
    {
        value = 0;
        for (var at = 0; at < bytes.Length && at < 10; at++)
        {
            value |= (ulong)(bytes[at] & 0x7F) << (7 * at);
            if (bytes[at] >= 0x80) continue;
            bytes = bytes[(at + 1)..];
            return true;
        }

        return false;
    }
}
