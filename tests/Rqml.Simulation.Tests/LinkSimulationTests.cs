using Rqml.Testing.Exploration;
using Rqml.Testing.Simulation.Links;
using Xunit.Abstractions;

namespace Rqml.Simulation.Tests;

/// <summary>Links alone, under everything that a network and its processes may do to them.</summary>
public sealed class LinkSimulationTests(ITestOutputHelper output)
{
    private const int Seeds = 2_000;
    private const int MutantSeeds = 300;
    private const int LeastHits = 20;
    private const int LeastEvents = 5_000;

    public static TheoryData<string> Mutants => [.. Enum.GetNames<LinkMutant>().Where(name => name != nameof(LinkMutant.None))];

    [Fact]
    public void What_a_link_takes_arrives_once_and_in_order_or_comes_back()
    {
        var coverage = new LinkCoverage();
        var events = new List<long>();
        var red = new SortedList<ulong, string>();
        var ran = new Lock();
        Parallel.ForEach(SeedsToRun.Of(Seeds), new ParallelOptions { MaxDegreeOfParallelism = Environment.ProcessorCount }, seed =>
        {
            var links = new SimulatedLinks(seed);
            var violations = links.Run();
            lock (ran)
            {
                coverage.Add(links.Coverage);
                events.Add(links.Events);
                Assert.False(links.HasEscaped);
                if (violations.Count > 0) red.Add(seed, $"seed {seed}: {string.Join("; ", violations.Take(3))}");
            }
        });

        events.Sort();
        foreach (var seed in red.Keys.Take(3)) Keep(seed);
        Print($"{events.Count} seeds of links, {red.Count} red; events: median {events[events.Count / 2]}, most {events[^1]}");
        Print(coverage.ToString());
        foreach (var line in red.Values.Take(20)) Print(line);
        Assert.Empty(red);
        Assert.Empty(coverage.Below(LeastHits));
        Assert.True(events[events.Count / 2] >= LeastEvents, "A median run is too short to show anything.");
    }

    [Fact]
    public void The_same_seed_gives_the_same_run()
    {
        for (var seed = 1UL; seed <= 50; seed++)
        {
            var (first, second) = (new SimulatedLinks(seed), new SimulatedLinks(seed));
            first.Run();
            second.Run();
            Assert.Equal((first.Events, first.Trace), (second.Events, second.Trace));
        }
    }

    [Theory]
    [MemberData(nameof(Mutants))]
    public void A_broken_rule_is_noticed_within_300_seeds(string name)
    {
        for (var seed = 1UL; seed <= MutantSeeds; seed++)
        {
            var violations = new SimulatedLinks(seed, Enum.Parse<LinkMutant>(name)).Run();
            if (violations.Count == 0) continue;
            output.WriteLine($"{name}: seed {seed}: {violations[0]}");
            Reports.Write("mutants", $"{name}: caught by seed {seed}: {violations[0]}");
            return;
        }

        Assert.Fail($"{name} went unnoticed in {MutantSeeds} seeds.");
    }

    private static void Keep(ulong seed)
    {
        using var story = new StringWriter();
        new SimulatedLinks(seed) { Story = story }.Run();
        Reports.Write($"red-seed-{seed}-links", story.ToString());
    }

    private void Print(string text)
    {
        output.WriteLine(text);
        Reports.Write("links", text);
    }
}
