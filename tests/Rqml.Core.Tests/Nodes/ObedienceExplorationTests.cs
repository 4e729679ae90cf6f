using Rqml.Testing.Exploration;
using Xunit.Abstractions;

namespace Rqml.Core.Tests.Nodes;

/// <summary>Every order in which two leaders' commands can reach the shipped node machine, with deaths of the node between them.</summary>
public sealed class ObedienceExplorationTests(ITestOutputHelper output)
{
    private const int Limit = 3_000_000;

    [Fact]
    public void A_node_obeys_no_lower_term_after_a_higher_one_whenever_it_dies()
    {
        var found = Explore(new(Deaths: 2));
        output.WriteLine(found.ToString());
        Reports.Write("exploration", $"node machine, two leaders: {found}");
        Assert.Null(found.Violation);
    }

    [Theory]
    [InlineData(true, false)]
    [InlineData(false, true)]
    public void A_node_that_does_not_keep_the_term_that_it_obeyed_is_found(bool isTermVolatile, bool forgetsTerm)
    {
        var found = Explore(new(Deaths: 1, isTermVolatile, forgetsTerm));
        output.WriteLine($"highest-term-volatile: {found}");
        Reports.Write("exploration", $"node machine, highest-term-volatile ({(forgetsTerm ? "not restored" : "not written")}): {found}");
        Assert.NotNull(found.Violation);
    }

    private static Exploration Explore(ObedienceModel.Instance instance) =>
        StateSpace.Explore(new ObedienceModel(instance), model => model.Moves(), model => model.Fingerprint(), model => model.Violation, model => model.IsGoal, Limit);
}
