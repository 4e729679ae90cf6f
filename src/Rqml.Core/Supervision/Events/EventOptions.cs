using Microsoft.Extensions.Options;

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

/// <summary>Names every fault of <see cref="EventOptions"/> at once.</summary>
internal sealed class EventOptionsValidator : IValidateOptions<RqmlOptions>
{
    public ValidateOptionsResult Validate(string? name, RqmlOptions options)
    {
        var events = options.Events;
        var faults = new List<string>();
        Check(events.NoveltyAt is > 0 and <= 1, nameof(events.NoveltyAt), events.NoveltyAt, "above 0, to 1");
        Check(events.ConsistencyBelow is > 0 and <= 1, nameof(events.ConsistencyBelow), events.ConsistencyBelow, "above 0, to 1");
        Check(events.DisagreementAt is > 0 and <= 1, nameof(events.DisagreementAt), events.DisagreementAt, "above 0, to 1");
        Check(events.SpikeZ is >= 1 and <= 1_000, nameof(events.SpikeZ), events.SpikeZ, "1 to 1,000");
        Check(events.SpikeSamples is >= 8 and <= SpikeDetector.Window, nameof(events.SpikeSamples), events.SpikeSamples, "8 to 128");
        Check(events.Capacity is >= 1 and <= 65_536, nameof(events.Capacity), events.Capacity, "1 to 65,536");
        Check(events.PerSecond is >= 0.01 and <= 10_000, nameof(events.PerSecond), events.PerSecond, "0.01 to 10,000");
        Check(events.Burst is >= 1 and <= 10_000, nameof(events.Burst), events.Burst, "1 to 10,000");
        return faults.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(faults);

        void Check(bool holds, string option, IFormattable value, string range)
        {
            if (!holds) faults.Add($"{nameof(RqmlOptions)}.{nameof(RqmlOptions.Events)}.{option} is '{value}'; it takes {range}.");
        }
    }
}
