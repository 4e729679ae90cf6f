namespace Rqml.Supervision.Events;

/// <summary>What makes an event of a measurement, and how many events there may be.</summary>
public sealed class EventOptions
{
    /// <summary>Novelty from which on an artifact is a <see cref="NovelFinding"/>.</summary>
    /// <value>Default 0.8. Above 0, to 1.</value>
    public double NoveltyAt { get; set; } = 0.8;

    /// <summary>Consistency of independent passes below which they are a <see cref="ConsistencyAnomaly"/>.</summary>
    /// <value>Default 0.5. Above 0, to 1.</value>
    public double ConsistencyBelow { get; set; } = 0.5;

    /// <summary>Disagreement of validators or passes from which on it is a <see cref="ModelDivergence"/>.</summary>
    /// <value>Default 0.4. Above 0, to 1.</value>
    public double DisagreementAt { get; set; } = 0.4;

    /// <summary>Robust z-score of a pass's duration above which it is a <see cref="PerformanceSpike"/>.</summary>
    /// <value>Default 6. From 1 to 1,000.</value>
    public double SpikeZ { get; set; } = 6;

    /// <summary>Passes of a model, on one node and for one task class, that have to be known before one can be a spike.</summary>
    /// <value>Default 32. From 8 to 128.</value>
    public int SpikeSamples { get; set; } = 32;

    /// <summary>Events that wait in a subscription before its reader loses the oldest.</summary>
    /// <value>Default 256. From 1 to 65,536.</value>
    public int Capacity { get; set; } = 256;

    /// <summary>Events of a kind and a task class that are let through each second, in the long run.</summary>
    /// <value>Default 10. From 0.01 to 10,000.</value>
    public double PerSecond { get; set; } = 10;

    /// <summary>Events of a kind and a task class that are let through at once after a quiet time.</summary>
    /// <value>Default 50. From 1 to 10,000.</value>
    public int Burst { get; set; } = 50;
}
