namespace Rqml.Supervision.Events;

/// <summary>Those who should agree do not.</summary>
public sealed record ModelDivergence() : RqmlEvent(EventKinds.ModelDivergence)
{
    /// <summary>Who disagrees about what.</summary>
    public required DivergenceForm Form { get; init; }

    /// <summary>How far they are apart, in [0, 1]; for a score that fell, how far below the best it is.</summary>
    public required double Disagreement { get; init; }

    /// <summary>Names of the validators or models that disagree, or of the one model whose score fell.</summary>
    public required IReadOnlyList<string> Parties { get; init; }
}

/// <summary>Who disagrees about what.</summary>
public enum DivergenceForm
{
    /// <summary>Validators judge the same artifact differently.</summary>
    Validators = 0,

    /// <summary>Passes on the same input made different artifacts.</summary>
    Passes = 1,

    /// <summary>The score has fallen well below the best, twice running.</summary>
    ScoreFell = 2,
}
