using System.Diagnostics.Metrics;
using Rqml.Supervision.Votes;

namespace Rqml.Diagnostics;

/// <summary>Counts what an active scheduler does with tasks and nodes.</summary>
internal sealed class SchedulingInstruments(Meter meter)
{
    private readonly Counter<long> _assigned = meter.CreateCounter<long>("rqml.scheduler.assigned", "{attempt}", "Attempts assigned to a node, adopted ones not counted.");
    private readonly Counter<long> _moved = meter.CreateCounter<long>("rqml.scheduler.moved", "{task}", "Tasks taken from a node that was fenced.");
    private readonly Counter<long> _fenced = meter.CreateCounter<long>("rqml.scheduler.fenced", "{node}", "Nodes fenced because they were gone or silent.");
    private readonly Counter<long> _ballots = meter.CreateCounter<long>("rqml.votes.ballots", "{ballot}", "Ballots that reached whoever counts them, by what became of them.");

    public void Assigned() => _assigned.Add(1);

    public void Moved(long tasks)
    {
        if (tasks > 0) _moved.Add(tasks);
    }

    public void Fenced() => _fenced.Add(1);

    public void Voted(BallotFate fate) => _ballots.Add(1, new KeyValuePair<string, object?>("rqml.fate", fate switch
    {
        BallotFate.Counted => "counted",
        BallotFate.Late => "late",
        BallotFate.Twice => "twice",
        BallotFate.Unasked => "unasked",
        _ => throw new ArgumentOutOfRangeException(nameof(fate), fate, "A ballot has one fate."),
    }));
}
