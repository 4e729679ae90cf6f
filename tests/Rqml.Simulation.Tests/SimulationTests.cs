using Rqml.Testing.Exploration;
using Rqml.Testing.Simulation;
using Xunit.Abstractions;

namespace Rqml.Simulation.Tests;

/// <summary>Whole clusters under every fault at once. A red seed is printed, and told: what struck whom, what became durable where, what was sent.</summary>
public sealed class SimulationTests(ITestOutputHelper output)
{
    private const int Seeds = 3_000;
    private const int LeastHits = 20;
    private const int KeptStories = 5;
    private const int LeastEvents = 5_000;

    [Fact]
    public void The_same_seed_gives_the_same_run()
    {
        for (var seed = 1UL; seed <= 100; seed++)
        {
            var first = new SimulatedCluster(seed);
            var second = new SimulatedCluster(seed);
            first.Run();
            second.Run();
            Assert.Equal((first.Events, first.Trace), (second.Events, second.Trace));
        }
    }

    [Fact]
    public void No_accepted_task_is_lost_or_settled_twice_whatever_dies()
    {
        var coverage = new Coverage();
        var events = new List<long>();
        var red = new List<string>();
        foreach (var seed in SeedsToRun())
        {
            var cluster = new SimulatedCluster(seed);
            var violations = cluster.Run();
            coverage.Add(cluster.Coverage);
            events.Add(cluster.Events);
            if (violations.Count == 0) continue;
            red.Add($"seed {seed}: {string.Join("; ", violations.Take(3))}");
            if (red.Count <= KeptStories) Keep(seed);
        }

        events.Sort();
        Print($"{events.Count} seeds, {red.Count} red; events: median {events[events.Count / 2]}, most {events[^1]}");
        Print(coverage.ToString());
        foreach (var line in red.Take(20)) Print(line);
        Assert.Empty(red);
        Assert.Empty(coverage.Below(LeastHits));
        Assert.True(events[events.Count / 2] >= LeastEvents, "A median run is too short to show anything.");
    }

    /// <summary>The same run once more, with its story.</summary>
    private static void Keep(ulong seed)
    {
        using var story = new StringWriter();
        new SimulatedCluster(seed) { Story = story }.Run();
        Reports.Write($"red-seed-{seed}", story.ToString());
    }

    private static IEnumerable<ulong> SeedsToRun()
    {
        if (Environment.GetEnvironmentVariable("RQML_SEED") is { } only)
        {
            foreach (var seed in only.Split(',')) yield return ulong.Parse(seed, System.Globalization.CultureInfo.InvariantCulture);
            yield break;
        }

        var seeds = int.Parse(Environment.GetEnvironmentVariable("RQML_SEEDS") ?? $"{Seeds}", System.Globalization.CultureInfo.InvariantCulture);
        for (var seed = 1UL; seed <= (ulong)seeds; seed++) yield return seed;
    }

    private void Print(string text)
    {
        output.WriteLine(text);
        Reports.Write("simulation", text);
    }
}
