using System.Globalization;
using Rqml.Testing.Exploration;
using Rqml.Testing.Simulation;
using Xunit.Abstractions;

namespace Rqml.Simulation.Tests;

/// <summary>Many runs of one kind of cluster. A red seed is printed, and told: what struck whom, what became durable where, what was sent.</summary>
internal sealed class Runs(string subject, Func<ulong, SimulatedCluster> clusterOf, ITestOutputHelper output)
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
    public void Run(int seeds, Action<SimulatedCluster> ran)
    {
        Parallel.ForEach(SeedsToRun(seeds), new ParallelOptions { MaxDegreeOfParallelism = Environment.ProcessorCount }, seed =>
        {
            var cluster = clusterOf(seed);
            var violations = cluster.Run();
            lock (_lock)
            {
                ran(cluster);
                _events.Add(cluster.Events);
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
        var cluster = clusterOf(seed);
        cluster.Story = story;
        cluster.Run();
        Reports.Write($"red-seed-{seed}-{subject}", story.ToString());
    }

    public static IEnumerable<ulong> SeedsToRun(int seeds)
    {
        if (Environment.GetEnvironmentVariable("RQML_SEED") is { } only) return only.Split(',').Select(seed => ulong.Parse(seed, CultureInfo.InvariantCulture));
        var count = int.Parse(Environment.GetEnvironmentVariable("RQML_SEEDS") ?? $"{seeds}", CultureInfo.InvariantCulture);
        return Enumerable.Range(1, count).Select(seed => (ulong)seed);
    }
}
