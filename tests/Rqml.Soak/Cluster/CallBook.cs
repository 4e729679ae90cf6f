using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Rqml.Soak.Cluster;

/// <summary>Every call of a model, by whom and when, and when each task was heard of: read from what the processes wrote down.</summary>
internal sealed class CallBook
{
    private readonly Dictionary<long, Course> _tasks = [];

    /// <summary>Iterations that more than one node made.</summary>
    public int MadeTwice { get; private set; }

    /// <summary>Tasks that a node began in the middle, as another had been there before.</summary>
    public int ResumedElsewhere { get; private set; }

    public void Heard(in Entry entry)
    {
        if (entry.Kind is not EntryKind.Heard) return;
        ref var course = ref CollectionsMarshal.GetValueRefOrAddDefault(_tasks, entry.Number, out _);
        if (course.SettledAt == 0) course.SettledAt = entry.At;
    }

    /// <summary>Takes all calls, in the order of time.</summary>
    public void Take(IEnumerable<(string Node, Entry Call)> calls)
    {
        foreach (var (node, call) in calls)
        {
            ref var course = ref CollectionsMarshal.GetValueRefOrAddDefault(_tasks, call.Number, out _);
            course.Calls ??= [];
            if (course.Calls.Exists(made => made.Iteration == call.Iteration && made.Node != node)) MadeTwice++;
            if (call.Iteration > 1 && course.Calls.Count > 0 && !course.Calls.Exists(made => made.Node == node)) ResumedElsewhere++;
            course.Calls.Add(new Call(node, call.At, call.Iteration));
        }
    }

    /// <summary>What became of the tasks that some nodes were at when they died or fell silent.</summary>
    /// <param name="nodes">The nodes.</param>
    /// <param name="at">When.</param>
    /// <param name="within">By when they are to be elsewhere.</param>
    public HandOver After(IReadOnlyCollection<string> nodes, long at, TimeSpan within)
    {
        var (delays, late, limitAt) = (new List<TimeSpan>(), 0, at + (long)(within.TotalSeconds * Stopwatch.Frequency));
        foreach (var course in _tasks.Values)
        {
            if (course.Calls is not { } calls || calls.FindLast(call => call.At <= at) is not { Node: not null } last || !nodes.Contains(last.Node)) continue;
            if (course.SettledAt != 0 && course.SettledAt <= at) continue;
            if (calls.Find(call => call.At > at && !nodes.Contains(call.Node)) is { Node: not null } elsewhere) delays.Add(Stopwatch.GetElapsedTime(at, elsewhere.At));
            else if (course.SettledAt == 0 || course.SettledAt > limitAt) late++;      // its result was on its way, or it is nowhere
        }

        delays.Sort();
        return new HandOver(delays, late);
    }

    private readonly record struct Call(string Node, long At, int Iteration);

    private struct Course
    {
        public List<Call>? Calls;
        public long SettledAt;
    }
}

/// <summary>Tasks that were taken up elsewhere, and after how long; and those that were not, and had not ended either.</summary>
internal sealed record HandOver(IReadOnlyList<TimeSpan> Delays, int Nowhere)
{
    public TimeSpan At(double share) => Delays.Count == 0 ? TimeSpan.Zero : Delays[(int)((Delays.Count - 1) * share)];
}
