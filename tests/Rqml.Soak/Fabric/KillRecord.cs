using System.Diagnostics;

namespace Rqml.Soak.Fabric;

/// <summary>What became of the tasks that a worker was killed in: read from the logs of the submitter, of that worker, and of the one that went on.</summary>
internal sealed class KillRecord
{
    public KillRecord(long killedAt, IEnumerable<Entry> tasks, IEnumerable<Entry> callsOfKilled, IEnumerable<Entry> callsOfOther)
    {
        var settled = new Dictionary<long, long>();
        foreach (var entry in tasks.Where(entry => entry.Kind == EntryKind.Heard)) settled.TryAdd(entry.Number, entry.At);
        var begun = callsOfKilled.Select(call => call.Number).Where(number => !settled.TryGetValue(number, out var at) || at > killedAt).ToHashSet();
        var moved = callsOfOther.Where(call => call.At > killedAt && begun.Contains(call.Number)).Select(call => call.Number).ToHashSet();
        (Begun, Moved, Unsettled) = (begun.Count, moved.Count, begun.Count(number => !settled.ContainsKey(number)));
        foreach (var number in moved.Where(settled.ContainsKey)) LastSettled = TimeSpan.FromTicks(Math.Max(LastSettled.Ticks, Stopwatch.GetElapsedTime(killedAt, settled[number]).Ticks));
    }

    /// <summary>Tasks that the worker had called a model for, and whose end nobody had heard of; of some the result was on its way.</summary>
    public int Begun { get; }

    /// <summary>Those of them that the other worked on after that: in their middle when the worker was killed.</summary>
    public int Moved { get; }

    /// <summary>Those of the begun whose end has not been heard of so far.</summary>
    public int Unsettled { get; }

    /// <summary>How long after the kill the last of the moved was settled.</summary>
    public TimeSpan LastSettled { get; }

    public IEnumerable<string> Faults
    {
        get
        {
            if (Moved == 0) yield return $"nothing that the killed worker had begun was worked on elsewhere, of {Begun} tasks";
            if (Unsettled > 0) yield return $"{Unsettled} tasks that the killed worker had begun were not settled";
        }
    }
}
