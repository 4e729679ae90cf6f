namespace Rqml.DoesItPay.Measuring;

/// <summary>One regime's trials in the order of seeds, which is the same for all regimes.</summary>
public sealed record RegimeTrials(string Regime, ImmutableArray<Trial> Trials)
{
    public IEnumerable<double> Qualities => Trials.Select(trial => trial.Quality);

    public IEnumerable<double> Costs => Trials.Select(trial => trial.Cost);

    public Estimate Quality => Estimate.Of(Qualities);

    public Estimate Cost => Estimate.Of(Costs);

    /// <summary>Seed by seed, in the unit of quality.</summary>
    public Estimate QualityBeyond(RegimeTrials other) => Estimate.OfDifference(Qualities, other.Qualities);

    /// <summary>Seed by seed, 1 where both cost the same.</summary>
    public Estimate CostShareOf(RegimeTrials other) => Estimate.OfRatio(Costs, other.Costs);
}
