using System.Buffers;
using System.Buffers.Binary;
using NetMQ;

namespace Rqml.Transports.ZeroMq;

/// <summary>What the two ends of a link say to one another: ZeroMQ itself knows neither "open" nor "closed" nor "refused".</summary>
internal enum SessionMessageKind : byte
{
    /// <summary>Connecting end: a new link, under a session number of its choice.</summary>
    Open = 1,

    /// <summary>Listening end: it is open.</summary>
    Opened = 2,

    /// <summary>Listening end: nobody listens here any more, only links of before live on.</summary>
    Refused = 3,

    /// <summary>A block follows the header.</summary>
    Block = 4,

    /// <summary>What the sender of this has used up so far follows the header, as eight bytes: the other end may send that much more.</summary>
    Credit = 5,

    /// <summary>Nothing comes after this.</summary>
    Close = 6,

    /// <summary>The answer to it: everything before it has come.</summary>
    Closed = 7,

    /// <summary>The connection of the other end is gone. The socket says it to itself (its "disconnect message").</summary>
    Gone = 8,
}

/// <summary>The bytes of a message: "RZ1" (the protocol and its version), the kind, the session in eight bytes, little-endian; then what its kind says.</summary>
internal static class SessionMessage
{
    public const int HeaderBytes = 12;

    private const int KindAt = 3;
    private const int SessionAt = 4;
    private const int CreditBytes = HeaderBytes + sizeof(long);

    private static ReadOnlySpan<byte> Protocol => "RZ1"u8;

    public static byte[] Gone { get; } = [.. Protocol, (byte)SessionMessageKind.Gone, .. new byte[sizeof(ulong)]];

    public static Msg Of(SessionMessageKind kind, ulong session) => Of(kind, session, HeaderBytes);

    public static Msg OfBlock(ulong session, ReadOnlySequence<byte> block)
    {
        var message = Of(SessionMessageKind.Block, session, HeaderBytes + (int)block.Length);
        block.CopyTo(message.Slice(HeaderBytes));
        return message;
    }

    public static Msg OfCredit(ulong session, long usedUp)
    {
        var message = Of(SessionMessageKind.Credit, session, CreditBytes);
        BinaryPrimitives.WriteInt64LittleEndian(message.Slice(HeaderBytes), usedUp);
        return message;
    }

    /// <summary>Whether it is one of ours, whole. Whatever a stranger sends is none.</summary>
    public static bool TryRead(ReadOnlySpan<byte> message, out SessionMessageKind kind, out ulong session)
    {
        kind = default;
        session = 0;
        if (message.Length < HeaderBytes || !message.StartsWith(Protocol)) return false;
        kind = (SessionMessageKind)message[KindAt];
        session = BinaryPrimitives.ReadUInt64LittleEndian(message[SessionAt..]);
        return kind switch
        {
            SessionMessageKind.Block => message.Length <= HeaderBytes + ZeroMqTransport.MaxBlockBytes,
            SessionMessageKind.Credit => message.Length == CreditBytes,
            SessionMessageKind.Open or SessionMessageKind.Opened or SessionMessageKind.Refused or SessionMessageKind.Close or SessionMessageKind.Closed or SessionMessageKind.Gone => message.Length == HeaderBytes,
            _ => false,
        };
    }

    public static long UsedUp(ReadOnlySpan<byte> credit) => BinaryPrimitives.ReadInt64LittleEndian(credit[HeaderBytes..]);

    private static Msg Of(SessionMessageKind kind, ulong session, int bytes)
    {
        var message = default(Msg);
        message.InitPool(bytes);
        var header = message.Slice();
        Protocol.CopyTo(header);
        header[KindAt] = (byte)kind;
        BinaryPrimitives.WriteUInt64LittleEndian(header[SessionAt..], session);
        return message;
    }
}
