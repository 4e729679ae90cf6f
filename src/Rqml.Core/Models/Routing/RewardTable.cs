using Rqml.Tasks;

namespace Rqml.Models.Routing;

/// <summary>
/// What each model of a class is expected to gain in a call, easy, middling and hard tasks apart: draw for each model, and call the one that drew best.
/// Not thread-safe: it belongs to one owner.
/// </summary>
/// <remarks>
/// <para>
/// Thompson, "On the likelihood that one unknown probability exceeds another", 1933. A gain g counts as g for and 1 − g against. Agrawal and Goyal,
/// "Analysis of Thompson sampling for the multi-armed bandit problem", 2012, toss a coin of chance g instead, and prove their bound for that. The counts are
/// the same on average; without the toss they are steadier, and the same gains give the same table.
/// </para>
/// <para>
/// With each gain all models of its bucket forget a little: what was seen <c>halfLife</c> gains ago counts half. So a model that has been passed over drifts
/// back to the prior and is tried again (Raj and Kalyani, "Taming non-stationary bandits: a Bayesian approach", 2017).
/// </para>
/// </remarks>
internal sealed class RewardTable
{
    /// <summary>Buckets of difficulty, from 0 (easy) up.</summary>
    public const int Buckets = 3;

    private readonly GainBelief _prior;
    private readonly double _leftAfterOne;
    private readonly SortedDictionary<string, GainBelief>[] _models = [.. Enumerable.Range(0, Buckets).Select(_ => new SortedDictionary<string, GainBelief>(StringComparer.Ordinal))];

    /// <param name="prior">Of a model of which nothing is known.</param>
    /// <param name="halfLife">Gains of a bucket after which one counts half; above zero.</param>
    public RewardTable(GainBelief prior, double halfLife)
    {
        if (!(prior.For > 0 && prior.Against > 0 && double.IsFinite(prior.For + prior.Against))) throw new ArgumentOutOfRangeException(nameof(prior), prior, "Both sides of a prior are above zero and finite.");
        if (!(halfLife > 0)) throw new ArgumentOutOfRangeException(nameof(halfLife), halfLife, "A half-life is above zero.");
        _prior = prior;
        _leftAfterOne = double.Exp2(-1 / halfLife);
    }

    /// <summary>A gain that the model might have there, as likely as it is believed.</summary>
    public double Sample(string model, int bucket, ref SplitMix64 random) => BeliefOf(model, bucket).Draw(ref random);

    /// <summary>The gain that is expected of the model there.</summary>
    public double Mean(string model, int bucket) => BeliefOf(model, bucket).Mean;

    /// <summary>Gains that what is known of the model there rests on, as much as was not forgotten of them.</summary>
    public double Weight(string model, int bucket) => WeightOf(BeliefOf(model, bucket));

    /// <summary>Takes a gain, from 0 to 1, that the model has made.</summary>
    public void Learn(string model, int bucket, double gain)
    {
        if (!(gain is >= 0 and <= 1)) throw new ArgumentOutOfRangeException(nameof(gain), gain, "A gain is from 0 to 1.");
        var models = BucketOf(bucket);
        foreach (var (name, belief) in models.ToArray()) models[name] = belief.Faded(_leftAfterOne, _prior);
        models[model] = models.GetValueOrDefault(model, _prior).With(gain);
    }

    /// <summary>All that was learnt and not forgotten, by bucket and name, to explain a choice with. It does not change any more.</summary>
    public IReadOnlyList<Reward> Snapshot() =>
        [.. _models.SelectMany((models, bucket) => models.Select(entry => new Reward(entry.Key, bucket, entry.Value.Mean, WeightOf(entry.Value))))];

    private double WeightOf(GainBelief belief) => belief.For + belief.Against - _prior.For - _prior.Against;

    private GainBelief BeliefOf(string model, int bucket) => BucketOf(bucket).GetValueOrDefault(model, _prior);

    private SortedDictionary<string, GainBelief> BucketOf(int bucket)
    {
        if (bucket is < 0 or >= Buckets) throw new ArgumentOutOfRangeException(nameof(bucket), bucket, $"Buckets are from 0 to {Buckets - 1}.");
        return _models[bucket];
    }
}

/// <summary>What a model is expected to gain.</summary>
/// <param name="Model">Its name.</param>
/// <param name="Bucket">Of the difficulty.</param>
/// <param name="Mean">The expected gain, in [0, 1].</param>
/// <param name="Weight">Gains that it rests on, as much as was not forgotten of them.</param>
internal readonly record struct Reward(string Model, int Bucket, double Mean, double Weight);
