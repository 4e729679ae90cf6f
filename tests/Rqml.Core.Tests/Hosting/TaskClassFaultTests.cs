using Microsoft.Extensions.Options;
using Rqml.Core.Tests.Supervision;
using Rqml.Supervision;

namespace Rqml.Core.Tests.Hosting;

/// <summary>What contradicts itself or cannot be is refused at the start, and not found out by the first task.</summary>
public sealed class TaskClassFaultTests
{
    private static readonly FixedPolicy Policy = new();

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_policy_and_a_ladder_beside_it_are_refused_in_either_order_with_both_named(bool policyFirst)
    {
        var fault = Assert.Single(await FaultsOf(words => _ = policyFirst
            ? words.SuperviseWith(Policy).EscalateWith(Ladder.Of(Rung.Vote))
            : words.EscalateWith(Ladder.Of(Rung.Vote)).SuperviseWith(Policy)));

        Assert.StartsWith("Task class 'words': SuperviseWith(FixedPolicy) and EscalateWith(Ladder) exclude one another", fault, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Rules_that_are_not_there_are_refused_by_name()
    {
        Assert.Equal(["Task class 'words': ConvergeWhenAll(rules) is 'none'; it takes one rule or more."], await FaultsOf(words => words.ConvergeWhenAll()));
        Assert.Equal(["Task class 'words': ConvergeWhenAny(rules) is 'none'; it takes one rule or more."], await FaultsOf(words => words.ConvergeWhenAny()));
        Assert.Equal(["Task class 'words': ConvergeWhenAll(rules) is 'null'; it takes rules that are not null."], await FaultsOf(words => words.ConvergeWhenAll(null!, Stability.Over(2))));
        Assert.Equal(["Task class 'words': ConvergeWhenAny(rules) is 'null'; it takes rules that are not null."], await FaultsOf(words => words.ConvergeWhenAny(Stability.Over(2), null!)));
    }

    [Theory]
    [InlineData("")]
    [InlineData("   ")]
    [InlineData(129)]
    public async Task A_validators_name_that_is_blank_or_too_long_is_refused(object name)
    {
        var given = name as string ?? new string('v', (int)name);
        Assert.Equal(
            [$"Task class 'words': ValidateWith(name) is '{given}'; it takes 1 to 128 characters that no other validator of the class has."],
            await FaultsOf(words => words.ValidateWith<Accepting>(name: given)));
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(1_000)]
    public async Task A_ladder_whose_version_would_pass_for_another_policys_is_refused(int version) => Assert.Equal(
        [$"Task class 'words': EscalateWith(escalation).Version is '{version}'; it takes 0 to 999."], await FaultsOf(words => words.EscalateWith(new VersionedLadder(version))));

    [Fact]
    public async Task A_dataset_of_the_same_name_and_another_type_is_refused_with_both_types()
    {
        var error = await Assert.ThrowsAsync<OptionsValidationException>(() => TestHost.StartAsync(rqml => rqml
            .AddDataset("numbers", (_, _) => new ValueTask<int[]>([1]))
            .AddDataset("numbers", (_, _) => new ValueTask<string>("1"))
            .AddWords(Words.Echo)));

        Assert.Equal(["AddDataset('numbers') is a System.String, and was added as a System.Int32[] before; it takes one type for a name."], error.Failures);
    }

    private static async Task<IEnumerable<string>> FaultsOf(Action<TaskClassBuilder<string, string>> more) =>
        (await Assert.ThrowsAsync<OptionsValidationException>(() => TestHost.StartAsync(rqml => rqml.AddWords(Words.Echo, more)))).Failures;

    private sealed class FixedPolicy : ISupervisionPolicy
    {
        public int Version => 1;

        public SupervisionDecision Decide(Observation seen) => SupervisionDecision.Continue("always");
    }

    private sealed class Accepting : IArtifactValidator<string, string>
    {
        public ValueTask<Validation> ValidateAsync(string payload, string artifact, CancellationToken cancellationToken) => new(Validation.Accept);
    }
}
