using Rqml.Diagnostics;
using Rqml.Hosting;
using Rqml.Messaging;

namespace Rqml.Nodes;

/// <summary>What every run of a node shares with it.</summary>
internal sealed class RunContext(NodeId node, Clock clock, Lanes lanes, NodeOrchestrator orchestrator, NodeInstruments instruments, IStationObserver? stations)
{
    public NodeId Node { get; } = node;

    public Clock Clock { get; } = clock;

    public Lanes Lanes { get; } = lanes;

    public NodeInstruments Instruments { get; } = instruments;

    public IStationObserver? Stations { get; } = stations;

    public void Ended(in NodeEvent ended) => orchestrator.RunEnded(ended);

    public void Left(AttemptRun run) => orchestrator.Left(run);

    public Task ReplaceWorkerAsync(LaneWorker dead, AttemptRun run, Exception cause) => orchestrator.ReplaceWorkerAsync(dead, run, cause);

    public void Progress(NodeAttempt attempt, IterationReport report) => orchestrator.Progress(attempt, report);

    public void ValidatorFailed(NodeAttempt attempt, Exception error) => orchestrator.ValidatorFailed(attempt, error);
}
