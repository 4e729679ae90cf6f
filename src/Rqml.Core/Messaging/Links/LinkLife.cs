using Rqml.Tasks;

namespace Rqml.Messaging.Links;

/// <summary>The life of a link as decisions: when to try again, when the other end is silent, when what waits goes back. Pure; its link's lock guards it.</summary>
internal sealed class LinkLife(LinkSettings settings, ulong seed)
{
    private SplitMix64 _random = new(seed);
    private int _failures;
    private long _heardMs;
    private long _saidMs;
    private long? _partedMs;
    private long? _awayMs;        // as _partedMs, and no verdict makes an end to it
    private bool _isOpened;

    /// <summary>Somebody answers at the address; whether that is who we look for is still to be said.</summary>
    public void Connected(long nowMs) => _heardMs = _saidMs = nowMs;

    /// <summary>The two ends have agreed.</summary>
    public void Opened(long nowMs)
    {
        (_failures, _partedMs, _awayMs, _isOpened) = (0, null, null, true);
        _heardMs = _saidMs = nowMs;
    }

    /// <summary>The link has ended, or could not be opened. Who was heard last a while ago has been away since.</summary>
    public void Parted(long nowMs)
    {
        var sinceMs = _isOpened ? _heardMs : nowMs;
        _partedMs ??= sinceMs;
        _awayMs ??= sinceMs;
        _isOpened = false;
        _failures++;
    }

    /// <summary>The other end has been heard of: the next try is the first.</summary>
    public void Encourage() => _failures = Math.Min(_failures, 1);

    /// <summary>Nobody wants the link any more; the next who does begins to count anew, but not to try anew.</summary>
    public void Rest() => _partedMs = null;

    /// <summary>For so long we did not run ourselves (a stopped process, a machine asleep): that silence is not the other end's.</summary>
    public void Forgive(long nowMs, long lateMs)
    {
        _heardMs = Math.Min(nowMs, _heardMs + lateMs);
        if (_partedMs is { } partedMs) _partedMs = Math.Min(nowMs, partedMs + lateMs);
        if (_awayMs is { } awayMs) _awayMs = Math.Min(nowMs, awayMs + lateMs);
    }

    public void Heard(long nowMs) => _heardMs = nowMs;

    public void Said(long nowMs) => _saidMs = nowMs;

    /// <summary>How long to wait before the next try: 0 for the first, then with full jitter below a bound that doubles.</summary>
    public long RetryInMs()
    {
        if (_failures == 0) return 0;
        var mostMs = Math.Min(settings.LongestRetryMs, settings.FirstRetryMs << Math.Min(_failures - 1, 20));
        return (long)(_random.Next() % (ulong)(mostMs + 1));
    }

    public bool IsHeartbeatDue(long nowMs) => nowMs - _saidMs >= settings.Liveness.HeartbeatMs;

    /// <summary>The link is open, and nothing came over it for too long.</summary>
    public bool IsSilent(long nowMs) => nowMs - _heardMs >= settings.Liveness.SilentMs;

    /// <summary>Nobody has been there for too long, whatever verdicts were given meanwhile.</summary>
    public bool IsCutOff(long nowMs) => nowMs - _awayMs >= settings.Liveness.SilentMs;

    /// <summary>There has been no link for too long.</summary>
    public bool IsGivenUp(long nowMs) => _partedMs is { } partedMs && nowMs - partedMs >= settings.Liveness.SilentMs;
}
