using System.Diagnostics;
using Rqml;

namespace Cluster;

/// <summary>What became of the tasks that a node had when it was killed, by what the application wrote down.</summary>
/// <param name="Node">The node.</param>
/// <param name="Delays">Of each task that was moved: from the kill to the first call of a model for it elsewhere, ascending.</param>
/// <param name="Resumed">Of these, how many went on from a checkpoint rather than from the beginning.</param>
internal sealed record HandOver(string Node, IReadOnlyList<TimeSpan> Delays, int Resumed)
{
    public TimeSpan Median => Delays.Count == 0 ? TimeSpan.Zero : Delays[(Delays.Count - 1) / 2];

    public TimeSpan Last => Delays.Count == 0 ? TimeSpan.Zero : Delays[^1];

    /// <param name="node">The node.</param>
    /// <param name="killedAt">When it was killed.</param>
    /// <param name="calls">All calls of all nodes.</param>
    /// <param name="settledAt">When it was heard of each task that it is settled.</param>
    public static HandOver Of(string node, long killedAt, ILookup<TaskId, Call> calls, IReadOnlyDictionary<TaskId, long> settledAt)
    {
        var moved = new List<Call>();
        foreach (var task in calls)
        {
            var last = task.Where(call => call.At <= killedAt).OrderBy(call => call.At).LastOrDefault();
            if (last.Node != node || (settledAt.TryGetValue(task.Key, out var at) && at <= killedAt)) continue;
            if (task.Where(call => call.At > killedAt && call.Node != node).OrderBy(call => call.At).FirstOrDefault() is { Node: not null } first) moved.Add(first);      // else its result was on its way
        }

        return new HandOver(node, [.. moved.Select(call => Stopwatch.GetElapsedTime(killedAt, call.At)).Order()], moved.Count(call => call.Iteration > 1));
    }
}
