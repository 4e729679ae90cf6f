using Rqml.Diagnostics;

namespace Rqml.Models;

/// <summary>
/// How many calls of one model may be in flight on one node: counts them in and out, and hands what they tell to the <see cref="LimitSearch"/>.
/// Thread-safe; every call takes constant time. It has no clock: who makes the calls times them.
/// </summary>
/// <remarks>
/// A <em>round</em> lasts from one change of the limit to the next. Only calls that began in the current round tell of its limit: those of earlier ones
/// were served beside more, or fewer. A limit from 1 to 1, or any other fixed one, never changes and measures nothing.
/// </remarks>
internal sealed class ConcurrencyLimit(ModelConcurrency range)
{
    private const int FewestToAverage = 8;

    private readonly Lock _lock = new();
    private readonly LimitSearch _search = new(range.From, range.To);
    private readonly bool _isFixed = range.From == range.To;
    private int _inFlight;
    private long _round;
    private int _peak;                                          // most in flight since the round, or its last average, began
    private int _timed;
    private double _timedMs;

    public int Limit
    {
        get
        {
            lock (_lock) return _search.Limit;
        }
    }

    /// <summary>More than <see cref="Limit"/> for as long as calls of a round with a higher one are out.</summary>
    public int InFlight
    {
        get
        {
            lock (_lock) return _inFlight;
        }
    }

    /// <summary>Takes a place, if there is one below the limit. Whoever has it gives it back with <see cref="Leave"/>, once.</summary>
    public bool TryEnter(out CallPermit permit)
    {
        lock (_lock)
        {
            permit = new CallPermit(_round);
            if (_inFlight >= _search.Limit) return false;
            _inFlight++;
            _peak = Math.Max(_peak, _inFlight);
            return true;
        }
    }

    /// <summary>Gives a place back.</summary>
    /// <param name="permit">As <see cref="TryEnter"/> gave it.</param>
    /// <param name="latencyMs">What the call took; zero or more, and finite. It counts only where the call succeeded.</param>
    /// <param name="outcome">How the call ended.</param>
    public void Leave(CallPermit permit, double latencyMs, CallOutcome outcome)
    {
        if (!(latencyMs >= 0 && double.IsFinite(latencyMs))) throw new ArgumentOutOfRangeException(nameof(latencyMs), latencyMs, "A latency is finite and not negative.");
        lock (_lock)
        {
            Invariant.Holds(_inFlight > 0, "more calls left than had entered");
            _inFlight--;
            if (_isFixed || permit.Round != _round) return;
            if (outcome == CallOutcome.Overloaded) OverloadedLocked();
            else if (outcome == CallOutcome.Succeeded) TimedLocked(latencyMs);
        }
    }

    /// <summary>The first one of a round lowers the limit; the others that were out beside it tell nothing new.</summary>
    private void OverloadedLocked()
    {
        _search.Overloaded();
        BeginLocked(_round + 1);
    }

    private void TimedLocked(double latencyMs)
    {
        _timed++;
        _timedMs += latencyMs;
        if (_timed < Math.Max(FewestToAverage, 2 * _search.Limit)) return;

        // Fewer than half of what may be in flight say nothing of how many can be (the rule of Gradient2).
        var isUsed = 2 * _peak > _search.Limit;
        if (isUsed) _search.Measured(_timedMs / _timed);
        BeginLocked(isUsed ? _round + 1 : _round);
    }

    private void BeginLocked(long round)
    {
        _round = round;
        _peak = _inFlight;
        (_timed, _timedMs) = (0, 0);
    }
}

/// <summary>A place among the calls in flight.</summary>
/// <param name="Round">The round that it was taken in.</param>
internal readonly record struct CallPermit(long Round);

/// <summary>How a call of a model ended, as far as its concurrency is concerned.</summary>
internal enum CallOutcome
{
    /// <summary>It came back with a result: its latency counts.</summary>
    Succeeded = 0,

    /// <summary>It failed for a reason of its own, sooner or later than it would have been done: it tells nothing.</summary>
    Failed = 1,

    /// <summary>It was refused, or ran out of time, as one too many.</summary>
    Overloaded = 2,

    /// <summary>It was cancelled or given up: it tells nothing.</summary>
    Abandoned = 3,
}
