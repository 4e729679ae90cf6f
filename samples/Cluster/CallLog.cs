using System.Diagnostics;
using System.Globalization;
using Rqml;

namespace Cluster;

/// <summary>One call of a model: where, when (by the machine's clock that only goes on), and for which iteration of which task.</summary>
internal readonly record struct Call(string Node, long At, TaskId Task, int Iteration);

/// <summary>Where a process writes down each call of its models, in the file system, so that it is known after a kill -9 too. Of the application: the run is judged by it, not by what Rqml counts.</summary>
internal sealed class CallLog(string path) : IDisposable
{
    private readonly Lock _lock = new();
    private readonly StreamWriter _file = new(path, append: true) { AutoFlush = true };

    public void Add(TaskId task, int iteration)
    {
        var line = string.Create(CultureInfo.InvariantCulture, $"{Stopwatch.GetTimestamp()} {task} {iteration}");
        lock (_lock) _file.WriteLine(line);
    }

    public static IEnumerable<Call> Read(string node, string path) => File.ReadLines(path).Select(line => line.Split(' ')).Select(words =>
        new Call(node, long.Parse(words[0], CultureInfo.InvariantCulture), TaskId.Parse(words[1], CultureInfo.InvariantCulture), int.Parse(words[2], CultureInfo.InvariantCulture)));

    public void Dispose() => _file.Dispose();
}
