namespace Rqml.Hosting;

/// <summary>Milliseconds since 1970 that never run backwards within a process: the wall clock at start plus what the monotonic clock has counted since.</summary>
internal sealed class Clock(TimeProvider time)
{
    private readonly long _startMs = time.GetUtcNow().ToUnixTimeMilliseconds();
    private readonly long _startTimestamp = time.GetTimestamp();

    public TimeProvider Time { get; } = time;

    public long NowMs => _startMs + (long)Time.GetElapsedTime(_startTimestamp).TotalMilliseconds;
}
