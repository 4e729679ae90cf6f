namespace Rqml.Hosting;

/// <summary>Milliseconds since 1970 that never run backwards within a process: the wall clock at start plus what the monotonic clock has counted since.</summary>
internal sealed class Clock(TimeProvider time)
{
    private readonly long _startMs = time.GetUtcNow().ToUnixTimeMilliseconds();
    private readonly long _startTimestamp = time.GetTimestamp();
    private readonly long _ticksPerSecond = time.TimestampFrequency;

    public TimeProvider Time { get; } = time;

    // Asked a dozen times a task: whole numbers, seconds and the rest apart, so that a counter of any frequency neither drifts nor overflows.
    public long NowMs
    {
        get
        {
            var (seconds, ticks) = Math.DivRem(Time.GetTimestamp() - _startTimestamp, _ticksPerSecond);
            return _startMs + (seconds * 1_000) + (ticks * 1_000 / _ticksPerSecond);
        }
    }
}
