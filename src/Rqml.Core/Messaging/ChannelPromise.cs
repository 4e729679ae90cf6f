namespace Rqml.Messaging;

/// <summary>What becomes of a message.</summary>
internal enum Delivery
{
    /// <summary>It arrives, once and in order per sender and channel, while both starts live and are not parted for long; else its sender gets it back.</summary>
    AtLeastOnce,

    /// <summary>The newest of its topic arrives; one that was not sent yet is replaced by the next.</summary>
    LatestOnly,
}

/// <summary>Which of two waiting frames goes first.</summary>
internal enum Lane
{
    /// <summary>Small and urgent: ahead of whatever waits in the data lane.</summary>
    Control,

    /// <summary>The rest, channel by channel in turn.</summary>
    Data,
}

/// <summary>What happens to a message for which there is no room.</summary>
internal enum WhenFull
{
    /// <summary>Its sender waits, or is told at once, as it chooses.</summary>
    Wait,

    /// <summary>It takes the place of the one that waits.</summary>
    Replace,

    /// <summary>It waits beyond its window too, up to a bound; beyond that its sender has it back, and it is counted.</summary>
    Spill,
}

/// <summary>One row of the table that code, tests and docs share: how messages of a channel travel.</summary>
/// <param name="Channel">The channel.</param>
/// <param name="Name">As the docs, metrics and logs call it.</param>
/// <param name="Delivery">What becomes of a message.</param>
/// <param name="WhenFull">What happens where there is no room.</param>
/// <param name="Lane">What goes first.</param>
internal sealed record ChannelPromise(FabricChannel Channel, string Name, Delivery Delivery, WhenFull WhenFull, Lane Lane)
{
    /// <summary>All channels, by number from 1.</summary>
    public static IReadOnlyList<ChannelPromise> All { get; } =
    [
        new(FabricChannel.TaskInbound, "task_inbound", Delivery.AtLeastOnce, WhenFull.Wait, Lane.Data),
        new(FabricChannel.TaskResults, "task_results", Delivery.AtLeastOnce, WhenFull.Wait, Lane.Data),
        new(FabricChannel.Metrics, "metrics", Delivery.LatestOnly, WhenFull.Replace, Lane.Data),
        new(FabricChannel.Heartbeats, "heartbeats", Delivery.LatestOnly, WhenFull.Replace, Lane.Control),
        new(FabricChannel.Alerts, "alerts", Delivery.AtLeastOnce, WhenFull.Spill, Lane.Control),
        new(FabricChannel.SupervisionEvents, "supervision_events", Delivery.AtLeastOnce, WhenFull.Spill, Lane.Control),
    ];

    /// <summary>The promise of a channel that exists.</summary>
    public static ChannelPromise Of(FabricChannel channel) => All[(int)channel - 1];

    /// <summary>Whether there is a channel of this number.</summary>
    public static bool Exists(FabricChannel channel) => channel is >= FabricChannel.TaskInbound and <= FabricChannel.SupervisionEvents;
}
