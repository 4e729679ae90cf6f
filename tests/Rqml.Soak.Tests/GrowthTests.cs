namespace Rqml.Soak.Tests;

public sealed class GrowthTests
{
    [Fact]
    public void A_leak_is_growth() => Assert.False(Of(Samples(at => 100 + 0.2 * at)).IsKept);

    [Fact]
    public void A_level_that_jumps_is_none() => Assert.True(Of(Samples(at => at % 7 == 0 ? 300 : 100 + at % 3)).IsKept);

    [Fact]
    public void What_shrinks_is_none() => Assert.True(Of(Samples(at => 200 - at)).IsKept);

    [Fact]
    public void A_few_handles_are_none() => Assert.True(Growth.Of("handles", Samples(at => at < 50 ? 20 : 24), 0.05, mostMore: 8)!.IsKept);

    [Fact]
    public void Few_samples_are_no_verdict() => Assert.Null(Growth.Of("memory", [.. Samples(_ => 1).Take(Growth.Least - 1)], 0.05));

    private static Growth Of(double[] samples) => Growth.Of("memory", samples, 0.05)!;

    private static double[] Samples(Func<int, double> at) => [.. Enumerable.Range(0, 90).Select(at)];
}
