using Rqml.Testing.Exploration;
using Rqml.Testing.Simulation;
using Xunit.Abstractions;

namespace Rqml.Simulation.Tests;

/// <summary>Each rule of the protocol, broken on purpose, is noticed soon: a check that cannot fail shows nothing.</summary>
public sealed class MutantTests(ITestOutputHelper output)
{
    private const ulong Seeds = 300;

    public static TheoryData<string> Mutants => [.. Enum.GetNames<Mutant>().Where(name => name != nameof(Mutant.None))];

    [Theory]
    [MemberData(nameof(Mutants))]
    public void A_broken_rule_is_noticed_within_300_seeds(string name)
    {
        var mutant = Enum.Parse<Mutant>(name);
        for (var seed = 1UL; seed <= Seeds; seed++)
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
}
