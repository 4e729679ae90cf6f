using System.Diagnostics.Metrics;

namespace Rqml.Diagnostics;

/// <summary>Histograms of seconds, with bounds that tell a fast call from a slow one: the usual ones begin at five, as if they counted milliseconds.</summary>
internal static class Durations
{
    /// <summary>From a model that computes to a task that takes its hour: at most a factor of 2.5 from one to the next below a minute.</summary>
    private static readonly InstrumentAdvice<double> Bounds = new()
    {
        HistogramBucketBoundaries = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25, 60, 300, 900, 3_600],
    };

    public static Histogram<double> CreateDuration(this Meter meter, string name, string description) => meter.CreateHistogram(name, "s", description, tags: null, Bounds);
}
