namespace Rqml.DoesItPay.Measuring;

/// <summary>Adds up what model calls cost. Safe to charge from any thread.</summary>
internal sealed class CallMeter
{
    private long _nanoseconds;
    private long _calls;

    /// <summary>Processor time of all calls charged.</summary>
    public long Nanoseconds => Interlocked.Read(ref _nanoseconds);

    public long Calls => Interlocked.Read(ref _calls);

    /// <summary>Makes a call on this thread, and charges what it took.</summary>
    public T Charge<T>(Func<T> call)
    {
        var start = ThreadClock.Nanoseconds;
        var made = call();
        Charge(ThreadClock.Nanoseconds - start);
        return made;
    }

    public void Charge(long nanoseconds)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(nanoseconds);
        Interlocked.Add(ref _nanoseconds, nanoseconds);
        Interlocked.Increment(ref _calls);
    }
}
