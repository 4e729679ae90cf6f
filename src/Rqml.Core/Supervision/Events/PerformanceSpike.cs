namespace Rqml.Supervision.Events;

/// <summary>A pass took far longer than this model's passes do on this node.</summary>
public sealed record PerformanceSpike() : RqmlEvent(EventKinds.PerformanceSpike)
{
    /// <summary>Name of the model.</summary>
    public required string Model { get; init; }

    /// <summary>How long the pass took, in milliseconds.</summary>
    public required double DurationMs { get; init; }

    /// <summary>The median of the model's last passes before it, in milliseconds.</summary>
    public required double MedianMs { get; init; }

    /// <summary>How far above the median it lies, as the robust z-score of Iglewicz and Hoaglin (1993): 0.6745 times the distance, over the median absolute deviation.</summary>
    public required double RobustZ { get; init; }
}
