using Rqml.Testing.Exploration;
using Xunit.Abstractions;

namespace Rqml.Core.Tests.Scheduling;

/// <summary>Every order in which two leaders, two nodes and their store can act on tasks of one key, for the shipped machines.</summary>
public sealed class KeyExplorationTests(ITestOutputHelper output)
{
    private const int Limit = 100_000;
    private const int Nearest = 25_000;

    [Theory]
    [InlineData(2, 0, 0, 0, 2, Forgotten.Nothing)]
    [InlineData(1, 0, 0, 1, 2, Forgotten.Nothing)]
    [InlineData(1, 0, 1, 0, 2, Forgotten.Nothing)]
    [InlineData(1, 1, 0, 0, 2, Forgotten.Nothing)]
    [InlineData(2, 0, 0, 1, 1, Forgotten.Nothing)]
    [InlineData(2, 0, 1, 0, 1, Forgotten.Nothing)]
    [InlineData(1, 0, 0, 0, 2, Forgotten.Election)]
    public void A_key_has_one_task_out_whoever_is_given_up_deposed_or_killed_and_whatever_the_store_forgets(int tasks, int expiries, int doubts, int deaths, int epochs, Forgotten forgets)
    {
        var instance = new KeyModel.Instance(tasks, expiries, doubts, deaths, epochs, Writes: forgets == Forgotten.Nothing ? 4 : 2, Forgets: forgets);
        var found = Explore(instance);
        Print(instance, found);
        Assert.Null(found.Violation);
    }

    /// <summary>What is too large to be exhausted: breadth first, so that what is near is seen in every order.</summary>
    [Theory]
    [InlineData(2, 1, 1, 1, 1, Forgotten.Nothing)]
    [InlineData(2, 0, 0, 0, 0, Forgotten.Fence)]
    public void A_key_has_one_task_out_where_all_of_it_happens_at_once(int tasks, int expiries, int doubts, int deaths, int restores, Forgotten forgets)
    {
        var instance = new KeyModel.Instance(tasks, expiries, doubts, deaths, Epochs: 2, Restores: restores, Forgets: forgets);
        var found = StateSpace.ExploreNearest(new KeyModel(instance), model => model.Moves(), model => model.Fingerprint(), model => model.Violation, Nearest);
        Print(instance, found);
        Assert.Null(found.Violation);
    }

    [Theory]
    [InlineData(KeyMutant.ActivateBeforeReports, 1, 1, 0, 0, Forgotten.Nothing, "(f)")]
    [InlineData(KeyMutant.RaiseBeginsAnew, 1, 0, 0, 0, Forgotten.Election, "(f)")]
    [InlineData(KeyMutant.FenceSkipped, 1, 0, 1, 0, Forgotten.Nothing, "(f)")]
    [InlineData(KeyMutant.JoinWithoutTerm, 1, 1, 0, 1, Forgotten.Nothing, "(c)")]
    [InlineData(KeyMutant.AssignWithoutIncarnation, 1, 0, 0, 1, Forgotten.Nothing, "(d)")]
    public void Breaking_a_rule_of_keys_is_found(KeyMutant mutant, int tasks, int expiries, int doubts, int deaths, Forgotten forgets, string property)
    {
        var found = Explore(new(tasks, expiries, doubts, deaths, Epochs: 2, Forgets: forgets, Mutant: mutant));
        output.WriteLine($"{mutant}: {found}");
        Reports.Write("exploration", $"schedulers and nodes, {mutant}: {found}");
        Assert.StartsWith(property, found.Violation, StringComparison.Ordinal);
    }

    private void Print(KeyModel.Instance instance, Exploration found)
    {
        var line = $"schedulers and nodes, {instance.Tasks} tasks of a key, {instance.Expiries} lost leases, {instance.Doubts} nodes given up, {instance.Deaths} killed, {instance.Restores} stores restored, {instance.Forgets} forgotten before, {instance.Epochs} epochs a leader: {found}";
        output.WriteLine(line);
        Reports.Write("exploration", line);
    }

    private static Exploration Explore(KeyModel.Instance instance) =>
        StateSpace.Explore(new KeyModel(instance), model => model.Moves(), model => model.Fingerprint(), model => model.Violation, model => model.IsGoal, Limit);
}
