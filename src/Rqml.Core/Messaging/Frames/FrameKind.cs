using Rqml.Messaging.Links;

namespace Rqml.Messaging.Frames;

/// <summary>What a frame is.</summary>
internal enum FrameKind : byte
{
    /// <summary>The first frame either way: who we are, and where we stopped. Body: <see cref="Hello"/>. Its layout never changes.</summary>
    Hello = 1,

    /// <summary>A message for this node alone.</summary>
    Directed = 2,

    /// <summary>A message for every node.</summary>
    Broadcast = 3,

    /// <summary>A message for whoever subscribed. Correlation: its topics, as bits.</summary>
    Published = 4,

    /// <summary>Received up to here, and may be sent up to there. Sequence: of the last frame; correlation: bytes since the stream began.</summary>
    Grant = 5,

    /// <summary>We live. With a channel: frames up to this sequence were sent, and the sender does not know what became of them.</summary>
    Heartbeat = 6,

    /// <summary>From now on we want these topics of the channel. Correlation: the topics, as bits; none: no more.</summary>
    Subscription = 7,

    /// <summary>The link ends. Correlation: a <see cref="LinkFault"/>.</summary>
    Close = 8,
}

/// <summary>What else a frame says of itself.</summary>
[Flags]
internal enum FrameFlags : byte
{
    None = 0,

    /// <summary>The message goes on in the next frame of its channel.</summary>
    Continues = 1,

    /// <summary>The payload begins with a trace context. From protocol 2 on.</summary>
    Traced = 2,
}
