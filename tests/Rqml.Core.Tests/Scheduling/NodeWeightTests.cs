using FsCheck.Xunit;

namespace Rqml.Scheduling;

public sealed class NodeWeightTests
{
    [Fact]
    public void A_weight_is_the_product_of_its_factors()
    {
        var weight = new NodeWeight(freeCapacity: 0.5, reliability: 0.9, affinity: 1);
        Assert.Equal(0.45, weight.Value);
        Assert.Equal("0.45 = 0.5 free × 0.9 reliable × 1 affine", weight.ToString());
    }

    [Fact]
    public void One_factor_of_zero_rules_a_node_out() => Assert.Equal(0, new NodeWeight(1, 1, 0).Value);

    [Theory]
    [InlineData(-0.01)]
    [InlineData(1.01)]
    [InlineData(double.NaN)]
    public void A_factor_outside_of_0_to_1_is_refused(double factor)
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new NodeWeight(factor, 1, 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => new NodeWeight(1, factor, 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => new NodeWeight(1, 1, factor));
    }

    [Theory]
    [InlineData(20, 5, 5, 0, 0.5)]
    [InlineData(20, 5, 5, 0.25, 0.375)]
    [InlineData(20, 15, 10, 0, 0)]
    [InlineData(20, 15, 0, 0.5, 0.125)]
    [InlineData(20, 0, 1, 1, 0)]
    [InlineData(20, 0, 0, 1, 0.05)]
    [InlineData(0, 0, 0, 0, 0)]
    public void Free_capacity_counts_what_runs_what_was_assigned_since_and_memory(int limit, int running, int assigned, double pressure, double free) =>
        Assert.Equal(free, NodeWeight.FreeCapacityOf(limit, running, assigned, pressure));

    [Property]
    public void Free_capacity_is_always_a_factor(ushort limit, ushort running, ushort assigned, byte pressure) =>
        Assert.InRange(NodeWeight.FreeCapacityOf(limit, running, assigned, pressure / 255.0), 0, 1);
}
