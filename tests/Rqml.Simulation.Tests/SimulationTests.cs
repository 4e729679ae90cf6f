using Rqml.Testing.Simulation;
using Xunit.Abstractions;

namespace Rqml.Simulation.Tests;

public sealed class SimulationTests(ITestOutputHelper output)
{
    [Fact]
    public void The_same_seed_gives_the_same_run()
    {
        for (var seed = 1UL; seed <= 5; seed++)
        {
            var first = new SimulatedCluster(seed);
            var second = new SimulatedCluster(seed);
            first.Run();
            second.Run();
            Assert.Equal(first.Trace, second.Trace);
        }
    }

    [Fact]
    public void No_accepted_task_is_lost_or_settled_twice_whatever_dies()
    {
        var coverage = new Coverage();
        var seeds = int.Parse(Environment.GetEnvironmentVariable("RQML_SEEDS") ?? "200");
        var red = new List<string>();
        var events = new List<long>();
        for (var seed = 1UL; seed <= (ulong)seeds; seed++)
        {
            var cluster = new SimulatedCluster(seed);
            var violations = cluster.Run();
            coverage.Add(cluster.Coverage);
            events.Add(cluster.Events);
            if (violations.Count > 0) red.Add($"seed {seed}: {string.Join("; ", violations.Take(3))}");
        }

        events.Sort();
        output.WriteLine($"{seeds} seeds, median {events[events.Count / 2]} events");
        output.WriteLine(coverage.ToString());
        foreach (var line in red.Take(20)) output.WriteLine(line);
        Assert.Empty(red);
    }
}
