using System.Buffers;
using Google.Protobuf;

namespace Rqml.Protocol;

/// <summary>The one place where bytes of a disk or a wire become protobuf records.</summary>
internal static class RecordParser
{
    /// <exception cref="RecordDamagedException">The bytes are no such record.</exception>
    public static T Read<T>(this MessageParser<T> parser, ReadOnlySequence<byte> bytes)
        where T : IMessage<T>
    {
        try
        {
            return parser.ParseFrom(bytes);
        }
        catch (Exception error) when (IsDamage(error))
        {
            throw Damaged<T>(error);
        }
    }

    /// <exception cref="RecordDamagedException">The bytes are no such record.</exception>
    public static T Read<T>(this MessageParser<T> parser, ReadOnlySpan<byte> bytes)
        where T : IMessage<T>
    {
        try
        {
            return parser.ParseFrom(bytes);
        }
        catch (Exception error) when (IsDamage(error))
        {
            throw Damaged<T>(error);
        }
    }

    // Google.Protobuf 3.35 promises the first and, as fuzzing found, lets the others out where a length in a nested record runs past its end.
    private static bool IsDamage(Exception error) => error is InvalidProtocolBufferException or IndexOutOfRangeException or ArgumentOutOfRangeException;

    private static RecordDamagedException Damaged<T>(Exception error) => new($"The bytes are no {typeof(T).Name}.", error);
}
