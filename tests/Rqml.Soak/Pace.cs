using System.Diagnostics;

namespace Rqml.Soak;

/// <summary>Lets so many through a second; all who come, until it is set.</summary>
internal sealed class Pace
{
    private readonly Lock _lock = new();
    private double _ticksBetween;
    private double _next;

    public void Set(double perSecond)
    {
        lock (_lock) (_ticksBetween, _next) = (Stopwatch.Frequency / perSecond, Stopwatch.GetTimestamp());
    }

    /// <summary>Ends at once, and without an exception, when it is cancelled.</summary>
    public async Task WaitAsync(CancellationToken cancellationToken)
    {
        double wait;
        lock (_lock)
        {
            if (_ticksBetween == 0) return;
            var now = Stopwatch.GetTimestamp();
            // What a slow second missed is not made up for later: that would be a burst.
            _next = Math.Max(_next + _ticksBetween, now - Stopwatch.Frequency / 4.0);
            wait = _next - now;
        }

        if (wait > 0) await Task.Delay(TimeSpan.FromSeconds(wait / Stopwatch.Frequency), cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }
}
