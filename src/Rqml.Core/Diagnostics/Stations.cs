namespace Rqml.Diagnostics;

/// <summary>The stations of a task's way (ARCHITECTURE.md), in order; each is one folder.</summary>
internal enum Station : byte
{
    Submit,
    Ledger,
    Scheduler,
    Fabric,
    InboundQueue,
    Lane,
    RefinementQueue,
    Route,
    Refine,
    Assess,
    Supervise,
    Checkpoint,
    Validate,
    OutboundQueue,
    Settle,
    Completion,
}

/// <summary>Hears of every station that a task enters. For tests that hold the way of a task; null costs one compare.</summary>
internal interface IStationObserver
{
    void Entered(Station station, TaskId task);
}
