using Rqml.Testing.Exploration;
using Rqml.Testing.Simulation;
using Xunit.Abstractions;

namespace Rqml.Simulation.Tests;

/// <summary>Each rule of the protocol, broken on purpose, is noticed soon: a check that cannot fail shows nothing.</summary>
public sealed class MutantTests(ITestOutputHelper output)
{
    private const ulong Seeds = 300;

    /// <summary>Seeds that noticed a mutant when they were looked for, where that took many: the first to be tried. Where they notice nothing any more, some other of the 300 has to.</summary>
    private static readonly Dictionary<Mutant, ulong> Hints = new()
    {
        [Mutant.JoinWithoutTerm] = 101,
        [Mutant.NodeDeathIsStrike] = 17,
        [Mutant.LateReportOfFencedObeyed] = 16,
    };

    public static TheoryData<string> Mutants => [.. Enum.GetNames<Mutant>().Where(name => name != nameof(Mutant.None))];

    [Theory]
    [MemberData(nameof(Mutants))]
    public void A_broken_rule_is_noticed_within_300_seeds(string name)
    {
        var mutant = Enum.Parse<Mutant>(name);
        foreach (var seed in SeedsFor(mutant))
        {
            var cluster = mutant.IsOfSupervision() ? SimulatedCluster.Supervised(seed, mutant) : new SimulatedCluster(seed, mutant);
            var violations = cluster.Run();
            var noticed = violations.Where(violation => !mutant.IsOfTerms() || violation.StartsWith("(d)", StringComparison.Ordinal)).Take(1).ToArray();
            if (noticed.Length == 0) continue;
            output.WriteLine($"{name}: seed {seed}: {noticed[0]}");
            Reports.Write("mutants", $"{name}: caught by seed {seed}: {noticed[0]}");
            return;
        }

        Assert.Fail($"{name} went unnoticed in {Seeds} seeds.");
    }

    private static IEnumerable<ulong> SeedsFor(Mutant mutant)
    {
        if (Hints.TryGetValue(mutant, out var hint)) yield return hint;
        for (var seed = 1UL; seed <= Seeds; seed++)
        {
            if (seed != hint) yield return seed;
        }
    }
}
