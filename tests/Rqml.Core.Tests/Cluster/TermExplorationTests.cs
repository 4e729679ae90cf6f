using Rqml.Testing.Exploration;
using Xunit.Abstractions;

namespace Rqml.Core.Tests.Cluster;

/// <summary>Every order in which two candidates, their store, its faults and its operator can act, for the shipped leadership machine.</summary>
public sealed class TermExplorationTests(ITestOutputHelper output)
{
    private const int Limit = 1_500_000;

    [Theory]
    [InlineData(3, 2, 0, 0, false, false)]
    [InlineData(3, 1, 1, 0, false, false)]
    [InlineData(3, 0, 0, 1, false, false)]
    [InlineData(2, 1, 0, 0, false, true)]
    [InlineData(3, 0, 0, 0, true, false)]
    public void No_term_begins_twice_whatever_the_store_loses(int elections, int lost, int expiries, int crashes, bool hasBackup, bool fences)
    {
        var found = Explore(new(elections, lost, expiries, crashes, hasBackup, fences));
        var line = $"term machine, {elections} elections, {lost} lost answers, {expiries} expiries, {crashes} crashes{(hasBackup ? ", a restored backup" : "")}{(fences ? ", a fence" : "")}: {found}";
        output.WriteLine(line);
        Reports.Write("exploration", line);
        Assert.Null(found.Violation);
    }

    [Theory]
    [InlineData(TermMutant.TermReuse)]
    [InlineData(TermMutant.GenerationReread)]
    public void Breaking_a_rule_of_terms_is_found(TermMutant mutant)
    {
        var found = Explore(new(Elections: 3, Lost: 0, Expiries: 1, Crashes: mutant == TermMutant.TermReuse ? 1 : 0, HasBackup: mutant != TermMutant.TermReuse, Fences: false, mutant));
        output.WriteLine($"{mutant}: {found}");
        Reports.Write("exploration", $"term machine, {mutant}: {found}");
        Assert.StartsWith("(d)", found.Violation, StringComparison.Ordinal);
    }

    private static Exploration Explore(TermModel.Instance instance) =>
        StateSpace.Explore(new TermModel(instance), model => model.Moves(), model => model.Fingerprint(), model => model.Violation, model => model.IsGoal, Limit);
}
