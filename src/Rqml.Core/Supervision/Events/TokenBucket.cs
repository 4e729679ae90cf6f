namespace Rqml.Supervision.Events;

/// <summary>A token bucket: holds a burst at most, gains tokens with time, and each event that passes takes one. The clock is the caller's.</summary>
/// <param name="Tokens">Tokens at <paramref name="AtMs"/>.</param>
/// <param name="AtMs">When they were counted.</param>
internal readonly record struct TokenBucket(double Tokens, long AtMs)
{
    public bool HasToken => Tokens >= 1;

    /// <summary>The bucket with what it has gained until now. A clock that steps back changes nothing.</summary>
    public TokenBucket Gain(double perSecond, int burst, long nowMs) =>
        nowMs <= AtMs ? this : new(Math.Min(burst, Tokens + ((nowMs - AtMs) * perSecond / 1_000)), nowMs);

    public TokenBucket Take() => this with { Tokens = Tokens - 1 };
}
