using System.Runtime.InteropServices;

namespace Rqml.Supervision.Events;

/// <summary>
/// Lets through so many events of a kind and class, and remembers how many it did not: one bad model must not drown what others have to say. Thread-safe.
/// </summary>
/// <param name="perSecond">Events that each kind and class gets in the long run.</param>
/// <param name="burst">Events that it gets at once after a quiet time.</param>
internal sealed class EventRates(double perSecond, int burst)
{
    /// <summary>Far more than hosts have classes. Classes beyond share one bucket a kind, so that no name that comes from outside costs memory.</summary>
    public const int MaxBuckets = 1_024;

    private const string Further = "";      // no class has this name

    private readonly Lock _lock = new();
    private readonly Dictionary<(EventKinds Kind, string? Class), Flow> _flows = [];

    public int Buckets
    {
        get
        {
            lock (_lock) return _flows.Count;
        }
    }

    /// <summary>Whether an event may pass now.</summary>
    /// <param name="kind">Its kind.</param>
    /// <param name="class">Its class, if it has one.</param>
    /// <param name="nowMs">The time.</param>
    /// <param name="suppressed">Where it may: how many before it might not.</param>
    public bool TryPass(EventKinds kind, string? @class, long nowMs, out long suppressed)
    {
        lock (_lock)
        {
            ref var flow = ref FlowOfLocked(kind, @class, nowMs);
            flow.Bucket = flow.Bucket.Gain(perSecond, burst, nowMs);
            if (!flow.Bucket.HasToken)
            {
                flow.Suppressed++;
                suppressed = 0;
                return false;
            }

            flow.Bucket = flow.Bucket.Take();
            suppressed = flow.Suppressed;
            flow.Suppressed = 0;
            return true;
        }
    }

    private ref Flow FlowOfLocked(EventKinds kind, string? @class, long nowMs)
    {
        if (_flows.Count >= MaxBuckets && !_flows.ContainsKey((kind, @class))) @class = Further;
        ref var flow = ref CollectionsMarshal.GetValueRefOrAddDefault(_flows, (kind, @class), out var isKnown);
        if (!isKnown) flow.Bucket = new TokenBucket(burst, nowMs);
        return ref flow;
    }

    private struct Flow
    {
        public TokenBucket Bucket;
        public long Suppressed;
    }
}
