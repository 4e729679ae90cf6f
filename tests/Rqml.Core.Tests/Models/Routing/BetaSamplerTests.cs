using Rqml.Models.Routing;
using Rqml.Tasks;

namespace Rqml.Core.Tests.Models.Routing;

public sealed class BetaSamplerTests
{
    private const int Draws = 100_000;

    [Theory]
    [InlineData(1, 1)]
    [InlineData(0.5, 0.5)]
    [InlineData(0.1, 3)]
    [InlineData(2, 5)]
    [InlineData(1, 0.01)]
    [InlineData(30, 4)]
    [InlineData(2_000, 5_000)]
    public void Mean_and_variance_are_those_of_the_closed_form(double alpha, double beta)
    {
        var draws = DrawMany(alpha, beta, seed: 1);
        var mean = alpha / (alpha + beta);
        var variance = mean * (1 - mean) / (alpha + beta + 1);

        // Four standard errors: one seed in ten thousand lies beyond, and this seed is fixed. That of the variance is estimated from the draws.
        Assert.InRange(draws.Average(), mean - (4 * Math.Sqrt(variance / Draws)), mean + (4 * Math.Sqrt(variance / Draws)));
        var squares = draws.Select(draw => (draw - mean) * (draw - mean)).ToArray();
        var error = Math.Sqrt(squares.Select(square => (square - variance) * (square - variance)).Average() / Draws);
        Assert.InRange(squares.Average(), variance - (4 * error), variance + (4 * error));
    }

    public static TheoryData<double, double, Func<double, double>> ClosedForms => new()
    {
        { 1, 1, x => x },
        { 3, 1, x => x * x * x },
        { 0.2, 1, x => Math.Pow(x, 0.2) },
        { 1, 7, x => 1 - Math.Pow(1 - x, 7) },
        { 0.5, 0.5, x => 2 / Math.PI * Math.Asin(Math.Sqrt(x)) },
        { 2, 2, x => x * x * (3 - (2 * x)) },
    };

    /// <summary>By Kolmogorov and Smirnov: a distance beyond 1.95 / √n is one seed in a thousand.</summary>
    [Theory]
    [MemberData(nameof(ClosedForms))]
    public void Draws_are_spread_as_the_closed_form_says(double alpha, double beta, Func<double, double> below)
    {
        var draws = DrawMany(alpha, beta, seed: 2);
        Array.Sort(draws);
        var furthest = draws.Select((draw, rank) => Math.Max(Math.Abs(below(draw) - ((double)rank / Draws)), Math.Abs(below(draw) - ((rank + 1.0) / Draws)))).Max();
        Assert.InRange(furthest, 0, 1.95 / Math.Sqrt(Draws));
    }

    [Theory]
    [InlineData(1e-300, 1e-300)]
    [InlineData(1e-3, 1e-3)]
    [InlineData(1e-9, 1e9)]
    [InlineData(1e15, 1e15)]
    public void Every_shape_gives_a_number_from_0_to_1(double alpha, double beta) =>
        Assert.All(DrawMany(alpha, beta, seed: 3)[..1_000], draw => Assert.InRange(draw, 0, 1));

    [Fact]
    public void The_same_seed_draws_the_same() => Assert.Equal(DrawMany(2, 3, seed: 4), DrawMany(2, 3, seed: 4));

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    public void What_is_no_shape_is_refused(double shape)
    {
        var random = new SplitMix64(1);
        Assert.Throws<ArgumentOutOfRangeException>(() => BetaSampler.Draw(shape, 1, ref random));
        Assert.Throws<ArgumentOutOfRangeException>(() => BetaSampler.Draw(1, shape, ref random));
    }

    private static double[] DrawMany(double alpha, double beta, ulong seed)
    {
        var random = new SplitMix64(seed);
        var draws = new double[Draws];
        for (var i = 0; i < Draws; i++) draws[i] = BetaSampler.Draw(alpha, beta, ref random);
        return draws;
    }
}
