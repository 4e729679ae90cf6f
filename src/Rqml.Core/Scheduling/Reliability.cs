namespace Rqml.Scheduling;

/// <summary>
/// How likely a node is to finish an attempt: a Beta posterior over its attempts that forgets. A pure value; <c>default</c> is a node never tried.
/// </summary>
/// <remarks>
/// The prior is Beta(9,1): 0.9 before anything is known, as one who has finished nine of ten. What was seen counts half after ten minutes, a quarter after
/// twenty: a node that failed is tried again without anybody's hand, and one that was good long ago has to show it anew. The mean is
/// (9 + finished) / (10 + finished + failed) (Gelman and others, "Bayesian Data Analysis", 2013, 2.4).
/// </remarks>
internal readonly record struct Reliability
{
    public const double PriorFinished = 9;
    public const double PriorFailed = 1;
    public const long HalfLifeMs = 10 * 60 * 1000;

    private readonly double _finished;                          // seen, beyond the prior, as much as was not forgotten at _atMs
    private readonly double _failed;
    private readonly long _atMs;

    private Reliability(double finished, double failed, long atMs) => (_finished, _failed, _atMs) = (finished, failed, atMs);

    /// <summary>With an attempt that finished, whatever its outcome.</summary>
    public Reliability Finished(long nowMs)
    {
        var left = LeftAt(nowMs);
        return new((_finished * left) + 1, _failed * left, Math.Max(nowMs, _atMs));
    }

    /// <summary>With an attempt that the node lost or failed.</summary>
    public Reliability Failed(long nowMs)
    {
        var left = LeftAt(nowMs);
        return new(_finished * left, (_failed * left) + 1, Math.Max(nowMs, _atMs));
    }

    /// <summary>The posterior mean, above 0 and below 1.</summary>
    public double Mean(long nowMs)
    {
        var left = LeftAt(nowMs);
        return (PriorFinished + (_finished * left)) / (PriorFinished + PriorFailed + ((_finished + _failed) * left));
    }

    // A clock that steps back forgets nothing, and remembers nothing anew.
    private double LeftAt(long nowMs) => nowMs <= _atMs ? 1 : double.Exp2(-(nowMs - _atMs) / (double)HalfLifeMs);      // within a millisecond, as a rule on a busy node, for nothing
}
