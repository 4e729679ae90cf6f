namespace Rqml.DoesItPay.Measuring;

/// <summary>Adds up what model calls cost. Safe to charge from any thread.</summary>
internal sealed class CallMeter
{
    private long _nanoseconds;
    private long _calls;

    /// <summary>Processor time of all calls charged.</summary>
    public long Nanoseconds => Interlocked.Read(ref _nanoseconds);

    public long Calls => Interlocked.Read(ref _calls);

    public void Charge(long nanoseconds)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(nanoseconds);
        Interlocked.Add(ref _nanoseconds, nanoseconds);
        Interlocked.Increment(ref _calls);
    }
}
