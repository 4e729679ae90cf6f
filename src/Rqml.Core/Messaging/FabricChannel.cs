namespace Rqml.Messaging;

/// <summary>What a message is about, and with that how it travels: <see cref="ChannelPromise"/> says what each channel promises.</summary>
internal enum FabricChannel : byte
{
    /// <summary>Tasks on their way to a worker, and what is said about them.</summary>
    TaskInbound = 1,

    /// <summary>Results on their way to their ledger, and the answers.</summary>
    TaskResults = 2,

    /// <summary>What a node measures of itself.</summary>
    Metrics = 3,

    /// <summary>That a node lives, and what it holds.</summary>
    Heartbeats = 4,

    /// <summary>What somebody has to look at.</summary>
    Alerts = 5,

    /// <summary>What nodes saw that is worth an engineer's look.</summary>
    SupervisionEvents = 6,
}
