using Rqml.Testing.Exploration;
using Rqml.Testing.Simulation;
using Xunit.Abstractions;

namespace Rqml.Simulation.Tests;

/// <summary>Many runs of one kind. A red seed is printed, and told: what struck whom, what became durable where, what was sent.</summary>
internal sealed class Runs<TRun>(string subject, Func<ulong, TRun> runOf, ITestOutputHelper output)
    where TRun : ISimulatedRun
{
    private const int KeptStories = 5;

    private readonly Lock _lock = new();
    private readonly SortedList<ulong, string> _red = [];
    private readonly List<long> _events = [];

    /// <summary>Seeds whose runs broke a promise, each with the first violations.</summary>
    public IList<string> Red => _red.Values;

    /// <summary>Events of the median run.</summary>
    public long MedianEvents => _events.Order().ElementAt(_events.Count / 2);

    /// <summary>Runs every seed, as many at once as there are processors: each run has one thread, and shares nothing.</summary>
    /// <param name="seeds">How many, unless the environment says otherwise.</param>
    /// <param name="ran">Sees each run, one after the other.</param>
    public void Run(int seeds, Action<TRun> ran)
    {
        Parallel.ForEach(SeedsToRun.Of(seeds), new ParallelOptions { MaxDegreeOfParallelism = Environment.ProcessorCount }, seed =>
        {
            var run = runOf(seed);
            var violations = run.Run();
            Replay.Ran(subject, seed, run);
            lock (_lock)
            {
                ran(run);
                _events.Add(run.Events);
                if (violations.Count > 0) _red.Add(seed, $"seed {seed}: {string.Join("; ", violations.Take(3))}");
            }
        });

        Print($"{_events.Count} seeds, {_red.Count} red; events: median {MedianEvents}, most {_events.Max()}");
        foreach (var line in _red.Values.Take(20)) Print(line);
        foreach (var seed in _red.Keys.Take(KeptStories)) Keep(seed);
    }

    public void Print(string text)
    {
        output.WriteLine(text);
        Reports.Write(subject, text);
    }

    /// <summary>The same run once more, with its story.</summary>
    private void Keep(ulong seed)
    {
        using var story = new StringWriter();
        var run = runOf(seed);
        run.Story = story;
        run.Run();
        Reports.Write($"red-seed-{seed}-{subject}", story.ToString());
    }
}
