using System.Diagnostics;

namespace Cluster;

/// <summary>A part of the run, from one event to the next.</summary>
internal sealed record Phase(string Name, long From, long To)
{
    public double PerSecond(IEnumerable<Heard> settled) => settled.Count(one => one.At > From && one.At <= To) / Stopwatch.GetElapsedTime(From, To).TotalSeconds;
}
