namespace Rqml.Supervision.Events;

/// <summary>The kinds of events, one or several.</summary>
[Flags]
public enum EventKinds
{
    /// <summary>No kind.</summary>
    None = 0,

    /// <summary><see cref="Events.ModelDivergence"/>.</summary>
    ModelDivergence = 1,

    /// <summary><see cref="Events.NovelFinding"/>.</summary>
    NovelFinding = 2,

    /// <summary><see cref="Events.ConsistencyAnomaly"/>.</summary>
    ConsistencyAnomaly = 4,

    /// <summary><see cref="Events.PerformanceSpike"/>.</summary>
    PerformanceSpike = 8,

    /// <summary><see cref="Events.SecurityFlag"/>.</summary>
    SecurityFlag = 16,

    /// <summary>Every kind.</summary>
    All = ModelDivergence | NovelFinding | ConsistencyAnomaly | PerformanceSpike | SecurityFlag,
}
