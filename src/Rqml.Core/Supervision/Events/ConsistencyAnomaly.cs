namespace Rqml.Supervision.Events;

/// <summary>Independent passes on the same input resemble one another less than they should.</summary>
public sealed record ConsistencyAnomaly() : RqmlEvent(EventKinds.ConsistencyAnomaly)
{
    /// <summary>Mean similarity of each two passes, in [0, 1].</summary>
    public required double Consistency { get; init; }

    /// <summary>The consistency below which it is an anomaly: <see cref="EventOptions.ConsistencyBelow"/>.</summary>
    public required double Threshold { get; init; }

    /// <summary>Passes that were compared.</summary>
    public required int Passes { get; init; }

    /// <summary>Names of the models that made them.</summary>
    public required IReadOnlyList<string> Models { get; init; }
}
