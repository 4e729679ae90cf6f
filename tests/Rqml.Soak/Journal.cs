using System.Diagnostics;
using Rqml.Benchmarks.Checkpoints;

namespace Rqml.Soak;

/// <summary>The two logs that the application keeps of one life of its process, each synced in groups: what it heard of its tasks, and which models were called.</summary>
internal sealed class Journal(string folder, int life) : IAsyncDisposable
{
    private readonly AppendLog _tasks = new(TasksOf(folder, life));
    private readonly AppendLog _calls = new(CallsOf(folder, life));

    public static string TasksOf(string folder, int life) => Path.Combine(folder, FormattableString.Invariant($"tasks-{life:0000}"));

    public static string CallsOf(string folder, int life) => Path.Combine(folder, FormattableString.Invariant($"calls-{life:0000}"));

    /// <summary>Where a life finds what its predecessors left: tasks to submit again, to attach to, and to ask for once more.</summary>
    public static string InheritanceOf(string folder, int life) => Path.Combine(folder, FormattableString.Invariant($"inheritance-{life:0000}"));

    /// <summary>Completes when the entry is on disk.</summary>
    public Task Note(EntryKind kind, long number, TaskId task = default, ulong detail = 0, Outcome outcome = default) =>
        _tasks.AppendAsync(new Entry(kind, number, task, Stopwatch.GetTimestamp(), detail, outcome).ToBytes());

    /// <summary>Notes a call; a model does not wait for the disk.</summary>
    public void Called(long number, TaskId task, int iteration) =>
        _ = _calls.AppendAsync(new Entry(EntryKind.Called, number, task, Stopwatch.GetTimestamp(), Iteration: iteration).ToBytes());

    public async ValueTask DisposeAsync()
    {
        await _tasks.DisposeAsync();
        await _calls.DisposeAsync();
    }
}
