namespace Rqml.Diagnostics;

/// <summary>Lets one line in ten seconds pass and counts them all: what may come by the thousand is said seldom, and with its number. For one thread.</summary>
internal sealed class LogPace
{
    private const long EveryMs = 10_000;

    private long? _passedMs;

    /// <summary>How often it has happened since the start, passed or not.</summary>
    public long Total { get; private set; }

    /// <summary>Counts once more; whether that is to be said.</summary>
    public bool Passes(long nowMs)
    {
        Total++;
        if (nowMs - _passedMs < EveryMs) return false;
        _passedMs = nowMs;
        return true;
    }
}
