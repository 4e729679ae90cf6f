using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Rqml.Soak.Fabric;

/// <summary>
/// What became of everybody's tasks while a worker stood still and after: read from the logs of the application, of the worker that was stopped, and of those that went on.
/// </summary>
internal sealed class StopRecord
{
    /// <summary>By then whatever a node held when it fell silent is settled elsewhere.</summary>
    public static readonly TimeSpan SettledWithin = TimeSpan.FromSeconds(8);

    // After so much silence a node is given up: whatever was submitted before may have gone to it.
    private static readonly TimeSpan SilentAfter = TimeSpan.FromSeconds(5);

    // Other tasks are settled long before: whoever was open at the stop and still is waits for the worker.
    private static readonly TimeSpan WaitsAfter = TimeSpan.FromSeconds(3);

    // Seen: up to 0.2 s, on two cores with other work. Who waits for the stopped worker waits for five.
    private static readonly TimeSpan MostPause = TimeSpan.FromSeconds(2);

    // A signal takes a moment to reach every thread.
    private static readonly TimeSpan StopsWithin = TimeSpan.FromMilliseconds(100);

    private readonly Standstill _standstill;
    private readonly Dictionary<long, Course> _tasks = [];
    private readonly HashSet<long> _begun = [];
    private int _meanwhile;

    public StopRecord(in Standstill standstill, IEnumerable<Entry> tasks, IEnumerable<Entry> callsOfStopped, IEnumerable<Entry> callsOfOthers)
    {
        _standstill = standstill;
        TakeTasks(tasks);
        TakeStopped(callsOfStopped);
        Moved = callsOfOthers.Where(call => call.At > _standstill.BeganAt && _begun.Contains(call.Number)).Select(call => call.Number).Distinct().Count();
    }

    /// <summary>Tasks that the worker had when it was stopped, begun or waiting; without those whose results were on their way.</summary>
    public int Held { get; private set; }

    /// <summary>Those of them that it had called a model for.</summary>
    public int Begun => _begun.Count;

    /// <summary>Those of the begun that others worked on after that.</summary>
    public int Moved { get; }

    /// <summary>Completions that were heard of in the second before.</summary>
    public int SettledInSecondBefore { get; private set; }

    public int SettledMeanwhile { get; private set; }

    /// <summary>The longest time during the stop in which nothing was settled.</summary>
    public TimeSpan LongestPause { get; private set; }

    /// <summary>How long after the stop the last of what the worker might hold was settled.</summary>
    public TimeSpan LastSettled { get; private set; }

    /// <summary>What it might hold, and was not settled in time or before it went on.</summary>
    public int Unsettled { get; private set; }

    /// <summary>How long after it had gone on the worker was at a task that was submitted since; null: it never was.</summary>
    public TimeSpan? BackAfter { get; private set; }

    public double SettledASecond => SettledMeanwhile / Stopwatch.GetElapsedTime(_standstill.BeganAt, _standstill.EndedAt).TotalSeconds;

    public IEnumerable<string> Faults
    {
        get
        {
            if (_meanwhile > 0) yield return $"the stopped worker called a model {_meanwhile} times";
            if (Held == 0) yield return "the stopped worker held nothing";
            if (Moved < Begun) yield return $"{Begun - Moved} tasks that the stopped worker had begun were not worked on elsewhere";
            if (LongestPause > MostPause) yield return FormattableString.Invariant($"nothing was settled for {LongestPause.TotalSeconds:0.0} s of the stop");
            if (Unsettled > 0) yield return $"{Unsettled} tasks were not settled {SettledWithin.TotalSeconds:0} s after the stop, or not before the worker went on";
            if (BackAfter is null) yield return "the worker went on, and got no work";
        }
    }

    private void TakeTasks(IEnumerable<Entry> tasks)
    {
        var (lastAt, mayHoldUntil) = (_standstill.BeganAt, After(SilentAfter));
        foreach (var entry in tasks)
        {
            ref var course = ref CollectionsMarshal.GetValueRefOrAddDefault(_tasks, entry.Number, out _);
            if (entry.Kind == EntryKind.Intended) course.SubmittedAt = entry.At;
            if (entry.Kind != EntryKind.Heard) continue;
            course.SettledAt = entry.At;
            if (entry.At > After(-TimeSpan.FromSeconds(1)) && entry.At <= _standstill.BeganAt) SettledInSecondBefore++;
            if (entry.At <= _standstill.BeganAt || entry.At > _standstill.EndedAt) continue;
            SettledMeanwhile++;
            Pause(ref lastAt, entry.At);
        }

        Pause(ref lastAt, _standstill.EndedAt);
        Held = _tasks.Values.Count(IsHeld);
        foreach (var course in _tasks.Values.Where(course => course.SubmittedAt <= mayHoldUntil && course.IsOpenAfter(_standstill.BeganAt)))
        {
            if (course.SettledAt == 0 || course.SettledAt > Math.Min(After(SettledWithin), _standstill.EndedAt)) Unsettled++;
            else LastSettled = Longer(LastSettled, Since(course.SettledAt));
        }
    }

    private void TakeStopped(IEnumerable<Entry> calls)
    {
        foreach (var call in calls)
        {
            var course = _tasks.GetValueOrDefault(call.Number);
            if (call.At <= _standstill.BeganAt && IsHeld(course)) _begun.Add(call.Number);
            if (call.At > After(StopsWithin) && call.At <= _standstill.EndedAt) _meanwhile++;
            if (call.At > _standstill.EndedAt && course.SubmittedAt > _standstill.EndedAt) BackAfter ??= Stopwatch.GetElapsedTime(_standstill.EndedAt, call.At);
        }
    }

    private bool IsHeld(Course course) => course.SubmittedAt <= _standstill.BeganAt && course.IsOpenAfter(After(WaitsAfter));

    // Entries of one log may stand a little out of their order: whoever notes one takes the time before the log's lock.
    private void Pause(ref long lastAt, long at)
    {
        LongestPause = Longer(LongestPause, Stopwatch.GetElapsedTime(lastAt, at));
        lastAt = Math.Max(lastAt, at);
    }

    private long After(TimeSpan time) => _standstill.BeganAt + (long)(time.TotalSeconds * Stopwatch.Frequency);

    private TimeSpan Since(long at) => Stopwatch.GetElapsedTime(_standstill.BeganAt, at);

    private static TimeSpan Longer(TimeSpan one, TimeSpan other) => one > other ? one : other;

    /// <summary>From the submission of a task to the first that was heard of its end; 0: not yet.</summary>
    private record struct Course(long SubmittedAt, long SettledAt)
    {
        public readonly bool IsOpenAfter(long at) => SettledAt == 0 || SettledAt > at;
    }
}
