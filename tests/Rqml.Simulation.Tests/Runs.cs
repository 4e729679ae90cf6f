using System.Globalization;
using Rqml.Testing.Exploration;
using Rqml.Testing.Simulation;
using Xunit.Abstractions;

namespace Rqml.Simulation.Tests;

/// <summary>Many runs of one kind of cluster. A red seed is printed, and told: what struck whom, what became durable where, what was sent.</summary>
internal sealed class Runs(string subject, Func<ulong, SimulatedCluster> clusterOf, ITestOutputHelper output)
{
    private const int KeptStories = 5;

    private readonly List<string> _red = [];
    private readonly List<long> _events = [];

    /// <summary>Seeds whose runs broke a promise, each with the first violations.</summary>
    public IReadOnlyList<string> Red => _red;

    /// <summary>Events of the median run.</summary>
    public long MedianEvents => _events.Order().ElementAt(_events.Count / 2);

    public void Run(int seeds, Action<SimulatedCluster> ran)
    {
        foreach (var seed in SeedsToRun(seeds))
        {
            var cluster = clusterOf(seed);
            var violations = cluster.Run();
            ran(cluster);
            _events.Add(cluster.Events);
            if (violations.Count == 0) continue;
            _red.Add($"seed {seed}: {string.Join("; ", violations.Take(3))}");
            if (_red.Count <= KeptStories) Keep(seed);
        }

        Print($"{_events.Count} seeds, {_red.Count} red; events: median {MedianEvents}, most {_events.Max()}");
        foreach (var line in _red.Take(20)) Print(line);
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
