namespace Rqml.Messaging;

/// <summary>When somebody elsewhere counts as alive: one table for links, for the leader that watches over nodes, and for nodes that watch their leader. Any block counts.</summary>
/// <remarks>A process that is gone is known at once: its link is closed, and the next one refused.</remarks>
internal sealed record Liveness
{
    public static Liveness Default { get; } = new();

    /// <summary>Who has said nothing for so long says that it lives.</summary>
    public long HeartbeatMs { get; init; } = 1_000;

    /// <summary>Who was not heard for so long gets nothing new.</summary>
    public long SuspectMs { get; init; } = 3_000;

    /// <summary>Who was not heard, or could not be reached, for so long is given up: what it has goes elsewhere, and what it may not have received back to its owners.</summary>
    public long SilentMs { get; init; } = 5_000;

    /// <summary>
    /// Who has heard of no leader for so long gives itself new tasks of its own ledger. Three times the silence after which a leader is given up: where there is a
    /// coordination store another leads by then (5 to 8 s, and a lease that the store keeps for twice its time ends after 10), so that it begins where nobody can.
    /// </summary>
    public long AloneMs { get; init; } = 15_000;
}
