namespace Rqml.Messaging.Links;

/// <summary>Why a link was closed.</summary>
internal enum LinkFault : byte
{
    /// <summary>In order, or as the other end closed it.</summary>
    None = 0,

    /// <summary>A frame that is none: truncated, of an unknown kind or flag, or with a payload that cannot be read.</summary>
    Malformed = 1,

    /// <summary>No protocol that both ends speak, or a frame of another one than was agreed on.</summary>
    WrongVersion = 2,

    /// <summary>A channel that there is not, or not for this kind of frame.</summary>
    UnknownChannel = 3,

    /// <summary>A frame or a message over the bound.</summary>
    TooLong = 4,

    /// <summary>A frame is missing: the next link brings it again.</summary>
    SequenceGap = 5,

    /// <summary>More bytes than were granted.</summary>
    CreditOverflow = 6,

    /// <summary>An acknowledgement of what was never sent.</summary>
    NeverSent = 7,

    /// <summary>The other end belongs to another cluster.</summary>
    OtherCluster = 8,

    /// <summary>Messages before hello, or a second hello.</summary>
    OutOfTurn = 9,

    /// <summary>Nothing was heard for too long.</summary>
    Silent = 10,

    /// <summary>Another node answers at the address: what is for the one that we look for is not for it.</summary>
    OtherNode = 11,

    /// <summary>The node holds as much of others as it may: links, streams, messages that have not come whole. What is refused comes back to its sender, which repeats it.</summary>
    NoRoom = 12,
}

/// <summary>The other end broke the protocol: its link is closed, and nothing else suffers.</summary>
internal sealed class LinkViolationException(LinkFault fault, string what, Exception? innerException = null) : RqmlException(what, innerException)
{
    public LinkFault Fault { get; } = fault;
}
