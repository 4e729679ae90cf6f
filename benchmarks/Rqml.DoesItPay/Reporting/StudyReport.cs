using Rqml.DoesItPay.Measuring;

namespace Rqml.DoesItPay.Reporting;

/// <summary>What a study found.</summary>
public sealed record StudyReport
{
    public required string Job { get; init; }

    public required string Title { get; init; }

    public required Scale Quality { get; init; }

    public required Scale Cost { get; init; }

    /// <summary>In the order of the table; all have trials of the same seeds.</summary>
    public required ImmutableArray<RegimeTrials> Regimes { get; init; }

    /// <summary>The regime that the others are measured against.</summary>
    public required string Reference { get; init; }

    /// <summary>The regimes that use the same models in a fixed order, without Rqml.</summary>
    public required ImmutableArray<string> Cascades { get; init; }

    /// <summary>The regimes of Rqml: whether they beat all cascades is what this is about.</summary>
    public required ImmutableArray<string> Contenders { get; init; }

    public required ImmutableArray<Promise> Promises { get; init; }

    /// <summary>What a reader has to know to trust the figures: how they were taken, and what they do not say.</summary>
    public required ImmutableArray<string> Notes { get; init; }

    public RegimeTrials this[string regime] => Regimes.Single(trials => trials.Regime == regime);
}
