using Rqml.Tasks;

namespace Rqml.Models.Routing;

/// <summary>What is believed of a gain in [0, 1]: a Beta distribution, by what speaks for a large gain and what against. A pure value.</summary>
/// <param name="For">Above zero: prior and gains seen.</param>
/// <param name="Against">Above zero: prior and what was missing to a gain of 1.</param>
internal readonly record struct GainBelief(double For, double Against)
{
    public double Mean => For / (For + Against);

    public double Draw(ref SplitMix64 random) => BetaSampler.Draw(For, Against, ref random);

    /// <summary>With one more gain seen.</summary>
    public GainBelief With(double gain) => new(For + gain, Against + (1 - gain));

    /// <summary>With only this share left of all that was seen beyond the prior.</summary>
    public GainBelief Faded(double left, GainBelief prior) => new(prior.For + ((For - prior.For) * left), prior.Against + ((Against - prior.Against) * left));
}
