using FsCheck.Xunit;
using Rqml.Tasks;

namespace Rqml.Scheduling;

public sealed class FenwickTreeTests
{
    [Property]
    public void The_total_is_the_sum_of_the_weights_and_a_draw_hits_the_weight_it_points_at(byte[] weights, ushort point)
    {
        var tree = new FenwickTree();
        foreach (var weight in weights) tree.Add(weight);
        Assert.Equal(weights.Sum(w => w), tree.Total);
        if (tree.Total == 0) return;

        var u = point % (int)tree.Total;
        var slot = tree.Draw(u);
        var before = weights.Take(slot).Sum(w => w);
        Assert.InRange(u, before, before + weights[slot] - 1);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void A_hundred_thousand_changes_leave_no_drift(ulong seed)
    {
        var random = new SplitMix64(seed);
        var tree = new FenwickTree();
        var weights = new Dictionary<int, double>();
        for (var change = 0; change < 100_000; change++)
        {
            var weight = random.NextInt(4) == 0 ? 0 : Math.Pow(10, -random.NextInt(12)) * random.NextDouble();
            var slot = random.NextInt(300);
            switch (random.NextInt(10))
            {
                case 0 when weights.Count < 300:
                    weights.Add(tree.Add(weight), weight);
                    break;
                case 1 when weights.Remove(slot):
                    tree.Remove(slot);
                    break;
                default:
                    if (!weights.ContainsKey(slot)) continue;
                    tree.Set(slot, weight);
                    weights[slot] = weight;
                    break;
            }

            var sum = weights.Values.Sum();
            Assert.InRange(tree.Total, sum * (1 - 1e-9), sum * (1 + 1e-9));
            if (sum > 0) Assert.True(weights[tree.Draw(random.NextDouble() * tree.Total)] > 0);
        }
    }

    [Fact]
    public void What_is_left_after_a_huge_weight_went_is_exact()
    {
        var tree = new FenwickTree();
        var huge = tree.Add(1e60);
        var small = tree.Add(0.25);
        tree.Set(huge, 0);
        Assert.Equal(0.25, tree.Total);
        Assert.Equal(small, tree.Draw(0.2));
        tree.Remove(small);
        Assert.Equal(0, tree.Total);
    }

    [Theory]
    [InlineData(10)]
    [InlineData(1000)]
    public void Slots_are_drawn_in_proportion_to_their_weights(int count)
    {
        const int drawsEach = 200;
        var random = new SplitMix64(7);
        var tree = new FenwickTree();
        for (var i = 0; i < count; i++) tree.Add(i % 5 == 0 ? 0 : 0.2 + random.NextDouble());
        var drawn = new int[count];
        for (var i = 0; i < drawsEach * count; i++) drawn[tree.Draw(random.NextDouble() * tree.Total)]++;

        var chiSquare = 0.0;
        for (var i = 0; i < count; i++)
        {
            var expected = drawsEach * count * tree[i] / tree.Total;
            if (expected == 0) Assert.Equal(0, drawn[i]);
            else chiSquare += (drawn[i] - expected) * (drawn[i] - expected) / expected;
        }

        // Mean f and variance 2f for f degrees of freedom; beyond four deviations is one seed in ten thousand, and this seed is fixed.
        var freedom = (count * 4 / 5) - 1;
        Assert.InRange(chiSquare, freedom - (4 * Math.Sqrt(2 * freedom)), freedom + (4 * Math.Sqrt(2 * freedom)));
    }

    [Fact]
    public void A_removed_slot_is_used_again_and_not_drawn_meanwhile()
    {
        var tree = new FenwickTree();
        var first = tree.Add(1);
        var second = tree.Add(1);
        tree.Remove(first);
        Assert.Equal((1, second), (tree.Total, tree.Draw(0)));
        Assert.Equal(first, tree.Add(3));
        Assert.Equal((4, 2), (tree.Total, tree.Length));
    }

    [Theory]
    [InlineData(double.NaN)]
    [InlineData(-1e-300)]
    [InlineData(double.PositiveInfinity)]
    public void What_is_no_weight_is_refused_and_changes_nothing(double weight)
    {
        var tree = new FenwickTree();
        var slot = tree.Add(1);
        Assert.Throws<ArgumentOutOfRangeException>(() => tree.Add(weight));
        Assert.Throws<ArgumentOutOfRangeException>(() => tree.Set(slot, weight));
        Assert.Equal((1, 1), (tree.Total, tree.Length));
    }

    [Theory]
    [InlineData(2)]
    [InlineData(-0.5)]
    [InlineData(double.NaN)]
    public void A_draw_outside_of_the_total_is_refused(double u)
    {
        var tree = new FenwickTree();
        Assert.Throws<ArgumentOutOfRangeException>(() => tree.Draw(0));
        tree.Add(2);
        Assert.Throws<ArgumentOutOfRangeException>(() => tree.Draw(u));
        Assert.Throws<ArgumentOutOfRangeException>(() => tree.Set(1, 1));
    }
}
