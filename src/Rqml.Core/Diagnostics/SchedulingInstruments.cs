using System.Diagnostics.Metrics;

namespace Rqml.Diagnostics;

/// <summary>Counts what an active scheduler does with tasks and nodes.</summary>
internal sealed class SchedulingInstruments(Meter meter)
{
    private readonly Counter<long> _assigned = meter.CreateCounter<long>("rqml.scheduler.assigned", "{attempt}", "Attempts assigned to a node, adopted ones not counted.");
    private readonly Counter<long> _moved = meter.CreateCounter<long>("rqml.scheduler.moved", "{task}", "Tasks taken from a node that was fenced.");
    private readonly Counter<long> _fenced = meter.CreateCounter<long>("rqml.scheduler.fenced", "{node}", "Nodes fenced because they were gone or silent.");

    public void Assigned() => _assigned.Add(1);

    public void Moved(long tasks)
    {
        if (tasks > 0) _moved.Add(tasks);
    }

    public void Fenced() => _fenced.Add(1);
}
