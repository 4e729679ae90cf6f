using Rqml.Tasks;

namespace Rqml.Models.Routing;

/// <summary>Draws from Beta(α, β) with a seeded generator: the same seed gives the same draws.</summary>
/// <remarks>
/// X / (X + Y) of two gamma variates, each by Marsaglia and Tsang, "A simple method for generating gamma variables", 2000, whose α below 1 is drawn as
/// α + 1 and multiplied by U^(1/α). All is done in logarithms, as for a small α both variates may be less than the least number there is. The normal
/// variate is Marsaglia's polar one (Marsaglia and Bray, "A convenient method for generating normal variables", 1964).
/// </remarks>
internal static class BetaSampler
{
    private const double Smallest = 1e-300;                     // so that log U by a shape is finite

    /// <summary>In [0, 1].</summary>
    /// <param name="alpha">From 1e-300, and finite.</param>
    /// <param name="beta">From 1e-300, and finite.</param>
    /// <param name="random">Where randomness comes from.</param>
    public static double Draw(double alpha, double beta, ref SplitMix64 random)
    {
        ThrowIfNotAShape(alpha, nameof(alpha));
        ThrowIfNotAShape(beta, nameof(beta));
        var x = LogGamma(alpha, ref random);
        var y = LogGamma(beta, ref random);
        return 1 / (1 + Math.Exp(y - x));
    }

    private static double LogGamma(double shape, ref SplitMix64 random) => shape < 1
        ? LogGammaFromOne(shape + 1, ref random) + (Math.Log(AboveZero(ref random)) / shape)
        : LogGammaFromOne(shape, ref random);

    private static double LogGammaFromOne(double shape, ref SplitMix64 random)
    {
        var d = shape - (1.0 / 3);
        var c = 1 / Math.Sqrt(9 * d);
        while (true)                                            // takes the first in more than 95 of 100
        {
            var x = Normal(ref random);
            var root = 1 + (c * x);
            if (root <= 0) continue;
            var v = root * root * root;
            if (Math.Log(AboveZero(ref random)) < (0.5 * x * x) + (d * (1 - v + Math.Log(v)))) return Math.Log(d * v);
        }
    }

    private static double Normal(ref SplitMix64 random)
    {
        while (true)
        {
            var x = (2 * random.NextDouble()) - 1;
            var y = (2 * random.NextDouble()) - 1;
            var square = (x * x) + (y * y);
            if (square is > 0 and < 1) return x * Math.Sqrt(-2 * Math.Log(square) / square);
        }
    }

    /// <summary>Uniform in (0, 1], so that it has a logarithm.</summary>
    private static double AboveZero(ref SplitMix64 random) => 1 - random.NextDouble();

    private static void ThrowIfNotAShape(double shape, string name)
    {
        if (!(shape >= Smallest && double.IsFinite(shape))) throw new ArgumentOutOfRangeException(name, shape, "A shape is from 1e-300, and finite.");
    }
}
