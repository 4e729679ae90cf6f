using Microsoft.Extensions.Logging;
using Rqml.Diagnostics;
using Rqml.Supervision.Events;

namespace Rqml.Nodes;

/// <summary>What a node measures by, and whom it tells.</summary>
internal sealed record NodeSurroundings
{
    /// <summary>Share of the memory that the process may use which is in use, in [0, 1].</summary>
    public required Func<double> MemoryPressure { get; init; }

    /// <summary>Bytes that links have carried, both ways, since the start.</summary>
    public required Func<long> BytesCarried { get; init; }

    /// <summary>Hung workers at which the node takes nothing new.</summary>
    public required int MaxAbandoned { get; init; }

    public required RqmlInstruments Instruments { get; init; }

    /// <summary>Who hears of what the node's runs see.</summary>
    public required EventPublisher Events { get; init; }

    public required ILogger Logger { get; init; }

    public IStationObserver? Stations { get; init; }
}
