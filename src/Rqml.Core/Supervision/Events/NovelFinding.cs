namespace Rqml.Supervision.Events;

/// <summary>An artifact that resembles none of its task's last ones.</summary>
public sealed record NovelFinding() : RqmlEvent(EventKinds.NovelFinding)
{
    /// <summary>1 minus the greatest similarity to one of the last artifacts, in [0, 1].</summary>
    public required double Novelty { get; init; }

    /// <summary>The novelty from which on it is a finding: <see cref="EventOptions.NoveltyAt"/>.</summary>
    public required double Threshold { get; init; }

    /// <summary>The artifact's score, in [0, 1]; NaN where nothing scores the class.</summary>
    public required double Score { get; init; }
}
