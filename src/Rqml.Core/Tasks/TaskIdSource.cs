namespace Rqml.Tasks;

/// <summary>Makes the ids of one ledger: strictly increasing, whatever the clock does. Thread-safe.</summary>
/// <remarks>
/// RFC 9562, 6.2, method 1: within a millisecond the 42-bit sequence counts up from a random start whose top bit is clear, so that there is
/// room for 2^41 ids; a clock that steps back keeps the last millisecond.
/// </remarks>
internal sealed class TaskIdSource(LedgerId ledger, ulong seed, long newestMs = 0)
{
    private const ulong StartMask = (1UL << 41) - 1;
    private readonly Lock _lock = new();
    private SplitMix64 _random = new(seed);
    private long _lastMs = newestMs == 0 ? 0 : newestMs + 1;      // behind all that an earlier start made, should the clock have been set back since
    private ulong _sequence = new SplitMix64(~seed).Next() & StartMask;

    public TaskId Next(long unixMs)
    {
        lock (_lock)
        {
            if (unixMs > _lastMs)
            {
                _lastMs = unixMs;
                _sequence = _random.Next() & StartMask;
            }
            else
            {
                _sequence++;
            }

            return TaskId.Create(_lastMs, _sequence, ledger);
        }
    }
}
