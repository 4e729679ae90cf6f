namespace Rqml.Supervision.Events;

/// <summary>One <see cref="SpikeDetector"/> for each task class and model of a node. Thread-safe.</summary>
internal sealed class SpikeWatch(double threshold, int samples)
{
    /// <summary>Two kilobytes each. A host with more pairs of class and model watches the first of them.</summary>
    public const int MaxDetectors = 1_024;

    private readonly Lock _lock = new();
    private readonly Dictionary<(string Class, string Model), SpikeDetector> _detectors = [];

    public Spike? Passed(string @class, string model, TimeSpan took)
    {
        lock (_lock)
        {
            if (!_detectors.TryGetValue((@class, model), out var detector))
            {
                if (_detectors.Count == MaxDetectors) return null;
                _detectors.Add((@class, model), detector = new SpikeDetector(threshold, samples));
            }

            return detector.Add(Math.Max(0, took.TotalMilliseconds));
        }
    }
}
