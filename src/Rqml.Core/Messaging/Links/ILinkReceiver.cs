using System.Buffers;
using System.Diagnostics;
using Rqml.Messaging.Frames;

namespace Rqml.Messaging.Links;

/// <summary>A message that came over a link.</summary>
/// <param name="From">Which start of which node sent it, as it said when the link was opened.</param>
/// <param name="Channel">Its channel.</param>
/// <param name="Kind">Whether it was for this node, for all, or for whoever subscribed.</param>
/// <param name="Topics">Of a message that only the newest of counts, or that was published.</param>
/// <param name="Trace">The span in which it was sent, if its sender said.</param>
/// <param name="Content">Valid during the call.</param>
/// <param name="OwedBytes">What the receiver gives back by <see cref="IncomingLink.Consumed"/> once it needs the message no more: until then its sender may send so much less.</param>
internal readonly record struct ReceivedMessage(Peer From, FabricChannel Channel, FrameKind Kind, ulong Topics, ActivityContext? Trace, ReadOnlySequence<byte> Content, int OwedBytes);

/// <summary>Hears what links bring. Called by one link's reader after another at most once at a time a link; must not block it.</summary>
internal interface ILinkReceiver
{
    /// <exception cref="LinkViolationException">The content is none that anybody sends: the link is closed.</exception>
    void Received(IncomingLink link, in ReceivedMessage message);

    /// <summary>The block that the last messages came in is used up.</summary>
    void BlockEnded(IncomingLink link);

    /// <summary>A message that <paramref name="to"/> is not known to have received, and will not receive over a link of this start.</summary>
    void Undelivered(Peer to, FabricChannel channel, ReadOnlySequence<byte> content);

    /// <summary>Nobody listens where the peer did: its process is gone.</summary>
    void Gone(Peer peer);

    /// <summary>For too long there was no link to the peer: whether it lives is not known, but nothing can be said to it.</summary>
    void Unreachable(Peer peer);

    /// <summary>Somebody elsewhere wants other topics than before.</summary>
    void SubscribersChanged();
}
