using FsCheck.Xunit;
using Rqml.Refinement;

namespace Rqml.Core.Tests.Refinement;

public sealed class ConvergenceRuleTests
{
    [Fact]
    public void Stability_is_the_mean_of_the_last_similarities()
    {
        var rule = Stability.Over(3).AtLeast(0.9);

        Assert.Equal(RuleReading.TooEarly, Read(rule, similarities: [1.0]));
        Assert.Equal((true, 0.9), Said(Read(rule, similarities: [0.0, 0.85, 0.95])));
        Assert.Equal((false, 0.875), Said(Read(rule, similarities: [1.0, 0.8, 0.95])));
    }

    [Fact]
    public void Consistency_and_novelty_hold_on_their_side_of_the_threshold()
    {
        Assert.True(Read(Consistency.Over(3).AtLeast(0.8), consistency: 0.8).Holds);
        Assert.False(Read(Consistency.Over(3).AtLeast(0.8), consistency: 0.79).Holds);
        Assert.True(Read(Novelty.Below(0.05), novelty: 0.0499).Holds);
        Assert.False(Read(Novelty.Below(0.05), novelty: 0.05).Holds);
        Assert.Equal(RuleReading.TooEarly, Read(Novelty.Below(0.05)));
        Assert.Equal(RuleReading.TooEarly, Read(Consistency.Over(2)));
    }

    [Fact]
    public void A_rule_says_what_it_needs_to_look_at()
    {
        Assert.Equal((3, 1, 0), Needs(Stability.Over(4)));
        Assert.Equal((0, 5, 0), Needs(Consistency.Over(5)));
        Assert.Equal((0, 1, 8), Needs(Novelty.Below(0.1)));
        Assert.Equal((0, 1, 12), Needs(Novelty.Below(0.1).Within(12)));
        Assert.Equal(4, Novelty.Below(0.1).For(4).Patience);
        Assert.Equal(2, ((ConvergenceRule)Stability.Over(2)).For(2).Patience);
    }

    [Fact]
    public void A_rule_can_be_said_in_any_order()
    {
        Assert.Equal(Stability.Over(3).AtLeast(0.9).For(2), Stability.Over(3).For(2).AtLeast(0.9));
        Assert.Equal(Consistency.Over(3).AtLeast(0.9).For(2), Consistency.Over(3).For(2).AtLeast(0.9));
        Assert.Equal(Novelty.Below(0.1).Within(4).For(2), Novelty.Below(0.1).For(2).Within(4));
    }

    [Fact]
    public void Rules_out_of_range_are_refused_by_name()
    {
        Assert.Equal("iterations", Refused(() => Stability.Over(1)));
        Assert.Equal("threshold", Refused(() => Stability.Over(2).AtLeast(0)));
        Assert.Equal("threshold", Refused(() => Stability.Over(2).AtLeast(double.NaN)));
        Assert.Equal("passes", Refused(() => Consistency.Over(17)));
        Assert.Equal("threshold", Refused(() => Novelty.Below(1.01)));
        Assert.Equal("artifacts", Refused(() => Novelty.Below(0.5).Within(33)));
        Assert.Equal("iterations", Refused(() => Novelty.Below(0.5).For(0)));
        Assert.Equal("iterations", Refused(() => Stability.Over(2).For(65)));
        Assert.Equal("iterations", Refused(() => Consistency.Over(2).For(0)));

        static string? Refused(Func<ConvergenceRule> make) => Assert.Throws<ArgumentOutOfRangeException>(() => { make(); }).ParamName;
    }

    /// <summary>More alike never makes a rule say no.</summary>
    [Property]
    public void Stability_is_monotone(byte[] similarities, byte threshold, byte place)
    {
        if (similarities.Length < 2) return;
        var rule = Stability.Over(similarities.Length + 1 > 64 ? 64 : similarities.Length + 1).AtLeast((threshold + 1) / 256.0);
        double[] before = [.. similarities.Select(one => one / 255.0)];
        double[] after = [.. before];
        after[place % after.Length] = 1;
        Assert.True(Read(rule, before) is { Holds: false } || Read(rule, after).Holds);
        Assert.InRange(Read(rule, before).Value, 0, 1);
    }

    private static (int, int, int) Needs(ConvergenceRule rule) => (rule.SimilarityWindow, rule.Passes, rule.NoveltyWindow);

    private static (bool, double) Said(RuleReading reading) => (reading.Holds, Math.Round(reading.Value, 12));

    private static RuleReading Read(ConvergenceRule rule, double[]? similarities = null, double consistency = double.NaN, double novelty = double.NaN) =>
        rule.Read(new IterationEvidence(similarities, consistency, novelty));
}
