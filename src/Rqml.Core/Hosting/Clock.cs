namespace Rqml.Hosting;

/// <summary>Milliseconds since 1970 that never run backwards within a process: the wall clock at start plus what the monotonic clock has counted since.</summary>
internal sealed class Clock(TimeProvider time)
{
    private readonly long _startMs = time.GetUtcNow().ToUnixTimeMilliseconds();
    private readonly long _startTimestamp = time.GetTimestamp();
    private readonly long _ticksPerMs = Math.Max(1, time.TimestampFrequency / 1_000);

    public TimeProvider Time { get; } = time;

    // Asked a dozen times a task.
    public long NowMs => _startMs + ((Time.GetTimestamp() - _startTimestamp) / _ticksPerMs);
}
