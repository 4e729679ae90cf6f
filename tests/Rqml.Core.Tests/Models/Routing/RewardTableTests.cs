using FsCheck.Xunit;
using Rqml.Models.Routing;
using Rqml.Tasks;

namespace Rqml.Core.Tests.Models.Routing;

public sealed class RewardTableTests
{
    private static readonly GainBelief Even = new(1, 1);

    [Fact]
    public void A_model_of_which_nothing_is_known_is_expected_to_gain_what_the_prior_says() => Assert.Equal(0.75, new RewardTable(new GainBelief(3, 1), halfLife: 50).Mean("small", 0));

    [Fact]
    public void A_gain_counts_as_much_for_as_it_was_and_the_rest_against()
    {
        var table = new RewardTable(Even, double.PositiveInfinity);
        table.Learn("small", 0, 0.25);
        table.Learn("small", 0, 1);
        Assert.Equal((1 + 1.25) / 4, table.Mean("small", 0), precision: 12);
    }

    [Fact]
    public void Models_and_difficulties_are_learnt_apart()
    {
        var table = new RewardTable(Even, halfLife: 50);
        table.Learn("small", 0, 1);
        table.Learn("small", 2, 0);
        Assert.Equal((2.0 / 3, 0.5, 1.0 / 3, 0.5), (table.Mean("small", 0), table.Mean("small", 1), table.Mean("small", 2), table.Mean("large", 0)));
    }

    [Fact]
    public void What_was_seen_a_half_life_of_gains_ago_counts_half_for_all_models_of_the_bucket()
    {
        var table = new RewardTable(Even, halfLife: 10);
        table.Learn("small", 0, 1);
        for (var i = 0; i < 10; i++) table.Learn("large", 0, 0.5);
        for (var i = 0; i < 10; i++) table.Learn("large", 1, 0.5);
        Assert.Equal(1.5 / 2.5, table.Mean("small", 0), precision: 12);
    }

    [Fact]
    public void Evidence_is_bounded_by_the_half_life()
    {
        var table = new RewardTable(Even, halfLife: 10);
        for (var i = 0; i < 10_000; i++) table.Learn("small", 0, 0.5);
        Assert.Equal(1 / (1 - Math.Pow(2, -0.1)), Assert.Single(table.Snapshot()).Weight, precision: 9);
    }

    [Fact]
    public void A_snapshot_explains_and_does_not_change_any_more()
    {
        var table = new RewardTable(Even, halfLife: double.PositiveInfinity);
        table.Learn("small", 1, 1);
        table.Learn("large", 1, 0);
        table.Learn("small", 0, 1);
        var snapshot = table.Snapshot();
        table.Learn("small", 0, 1);
        Assert.Equal([new Reward("small", 0, 2.0 / 3, 1), new Reward("large", 1, 1.0 / 3, 1), new Reward("small", 1, 2.0 / 3, 1)], snapshot);
    }

    [Fact]
    public void The_better_model_is_called_nearly_always_and_the_other_one_found_when_it_becomes_better()
    {
        var table = new RewardTable(Even, halfLife: 100);
        var random = new SplitMix64(1);

        Assert.InRange(CallsOfSmall(1_000, smallGain: 0.3, largeGain: 0.6), 0, 150);
        CallsOfSmall(300, smallGain: 0.6, largeGain: 0.3);      // three half-lives to notice
        Assert.InRange(CallsOfSmall(1_000, smallGain: 0.6, largeGain: 0.3), 850, 1_000);

        int CallsOfSmall(int calls, double smallGain, double largeGain)
        {
            var ofSmall = 0;
            for (var call = 0; call < calls; call++)
            {
                var isSmall = table.Sample("small", 0, ref random) >= table.Sample("large", 0, ref random);
                if (isSmall) ofSmall++;
                table.Learn(isSmall ? "small" : "large", 0, Math.Clamp((isSmall ? smallGain : largeGain) + (0.4 * (random.NextDouble() - 0.5)), 0, 1));
            }

            return ofSmall;
        }
    }

    [Property]
    public void Means_and_samples_stay_from_0_to_1_and_a_gain_moves_the_mean_its_way(byte[] gains, int seed)
    {
        var table = new RewardTable(Even, halfLife: 5);
        var random = new SplitMix64((ulong)seed);
        foreach (var gain in gains)
        {
            table.Learn("small", gain % 3, gain / 255.0);
            Assert.InRange(table.Mean("small", gain % 3), 0, 1);
            Assert.InRange(table.Sample("small", gain % 3, ref random), 0, 1);
        }

        var before = table.Mean("small", 0);
        table.Learn("small", 0, 1);
        Assert.True(table.Mean("small", 0) > Math.Min(before, 0.5));
    }

    [Fact]
    public void What_is_out_of_range_is_refused()
    {
        var table = new RewardTable(Even, halfLife: 5);
        Assert.Throws<ArgumentOutOfRangeException>(() => table.Learn("small", 0, double.NaN));
        Assert.Throws<ArgumentOutOfRangeException>(() => table.Learn("small", 0, 1.5));
        Assert.Throws<ArgumentOutOfRangeException>(() => table.Learn("small", 3, 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => table.Mean("small", -1));
        Assert.Throws<ArgumentOutOfRangeException>(() => new RewardTable(new GainBelief(0, 1), 5));
        Assert.Throws<ArgumentOutOfRangeException>(() => new RewardTable(Even, 0));
        Assert.Empty(table.Snapshot());
    }
}
