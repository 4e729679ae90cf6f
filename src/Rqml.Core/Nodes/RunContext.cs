using Rqml.Diagnostics;
using Rqml.Hosting;
using Rqml.Messaging;
using Rqml.Supervision;
using Rqml.Supervision.Events;

namespace Rqml.Nodes;

/// <summary>What every run of a node shares with it.</summary>
internal sealed class RunContext(NodeId node, Clock clock, Lanes lanes, NodeOrchestrator orchestrator, NodeInstruments instruments, EventPublisher events, IStationObserver? stations)
{
    public NodeId Node { get; } = node;

    public Clock Clock { get; } = clock;

    public Lanes Lanes { get; } = lanes;

    public NodeInstruments Instruments { get; } = instruments;

    /// <summary>Who hears of what the runs see.</summary>
    public EventPublisher Events { get; } = events;

    /// <summary>How many calls each model bears.</summary>
    public ModelGates Gates { get; } = new();

    /// <summary>How far each validator can be relied on.</summary>
    public Judges Judges { get; } = new();

    public IStationObserver? Stations { get; } = stations;

    public void Ended(in NodeEvent ended) => orchestrator.RunEnded(ended);

    public void Left(LaneRun run) => orchestrator.Left(run);

    public Task ReplaceWorkerAsync(LaneWorker dead, LaneRun run, Exception cause) => orchestrator.ReplaceWorkerAsync(dead, run, cause);

    public void Progress(NodeAttempt attempt, IterationReport report) => orchestrator.Progress(attempt, report);

    public void StopThrew(Attempt attempt, Exception error) => orchestrator.StopThrew(attempt, error);

    public void ValidatorFailed(NodeAttempt attempt, string validator, string? reason) => orchestrator.ValidatorFailed(attempt, validator, reason);
}
