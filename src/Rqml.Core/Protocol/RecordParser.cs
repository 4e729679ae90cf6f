using System.Buffers;
using Google.Protobuf;
using Google.Protobuf.Reflection;

namespace Rqml.Protocol;

/// <summary>The one place where bytes of a disk or a wire become protobuf records.</summary>
internal static class RecordParser
{
    /// <exception cref="RecordDamagedException">The bytes are no such record.</exception>
    public static T Read<T>(this MessageParser<T> parser, ReadOnlySequence<byte> bytes)
        where T : IMessage<T>, new() => parser.Read(bytes.IsSingleSegment ? bytes.FirstSpan : bytes.ToArray());

    /// <exception cref="RecordDamagedException">The bytes are no such record.</exception>
    public static T Read<T>(this MessageParser<T> parser, ReadOnlySpan<byte> bytes)
        where T : IMessage<T>, new()
    {
        if (!RecordLengths.AreSound(Schema<T>.Record, bytes)) throw Damaged<T>(null);
        try
        {
            return parser.ParseFrom(bytes);
        }
        catch (InvalidProtocolBufferException error)
        {
            throw Damaged<T>(error);
        }
    }

    private static RecordDamagedException Damaged<T>(Exception? error) => new($"The bytes are no {typeof(T).Name}.", error);

    private static class Schema<T>
        where T : IMessage<T>, new()
    {
        public static readonly MessageDescriptor Record = new T().Descriptor;
    }
}
