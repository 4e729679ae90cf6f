namespace Rqml.Models;

/// <summary>Searches for the number of calls in flight from which on more of them only make each slower. A pure machine: fed with averages, read for the limit.</summary>
/// <remarks>
/// <para>
/// By latency: limit ← limit · gradient + √limit, gradient = 1.1 · alone / now in [½, 1] (Netflix concurrency-limits, <c>GradientLimit</c>, 2018, with
/// averages of a round for its smoothing), where <em>alone</em> is how long calls take without a queue. On a server that serves c calls at once it
/// settles near 1.1 c + √c.
/// </para>
/// <para>
/// <em>Alone</em> is found by probing, as BBR finds its round-trip time (Cardwell and others, "BBR: congestion-based congestion control", 2016): every 50
/// rounds the limit is halved for one of them. If that shortened the calls there was a queue: the half is halved again, and the search goes on from the
/// last that had one. An average over long times, as in <c>Gradient2Limit</c>, needs no probe, but follows a queue that stays, and the limit with it.
/// </para>
/// <para>
/// By refusals: limit ← 0.7 · limit, and then up by 1 a round for 50 rounds (additive increase, multiplicative decrease: Chiu and Jain, "Analysis of the
/// increase and decrease algorithms for congestion avoidance", 1989), so that a model that refuses rather than queues is asked too much once in a while only.
/// </para>
/// </remarks>
internal sealed class LimitSearch(int min, int max)
{
    private const double Tolerance = 1.1;                       // calls may take a tenth longer than alone before the limit yields
    private const double LeastGradient = 0.5;
    private const double Backoff = 0.7;
    private const double Shortened = 1.4;                       // halving a queue's calls halves their time, without a queue it changes nothing: between, at √2
    private const int RoundsToProbe = 50;                       // one round in fifty at half the calls costs a hundredth of the throughput

    private double _limit = min;                                // Invariant: min <= _limit <= max
    private double _aloneMs = double.NaN;                       // NaN: not known yet
    private double _beforeMs;                                   // while probing: the average at twice the limit,
    private double _resumeAt;                                   // and the limit to go on from
    private bool _isProbing;
    private int _roundsToProbe;
    private int _roundsOfCaution;

    public int Limit => (int)_limit;

    /// <summary>A round is over in which the limit was made use of; its calls took so long on average.</summary>
    public void Measured(double averageMs)
    {
        if (_isProbing) Probed(averageMs);
        else if (_roundsToProbe == 0) Probe(averageMs);
        else Adjust(averageMs);
    }

    /// <summary>The model refused a call as one too many.</summary>
    public void Overloaded()
    {
        _isProbing = false;
        _roundsOfCaution = RoundsToProbe;
        Set(_limit * Backoff);
    }

    private void Adjust(double averageMs)
    {
        var gradient = averageMs > 0 ? Math.Clamp(Tolerance * _aloneMs / averageMs, LeastGradient, 1) : 1;
        var more = _roundsOfCaution > 0 ? 1 : Math.Sqrt(_limit);
        if (_roundsOfCaution > 0) _roundsOfCaution--;
        _roundsToProbe--;
        Set((_limit * gradient) + more);
    }

    private void Probe(double averageMs)
    {
        _resumeAt = _limit;
        if (Limit == min) Found(averageMs);                     // nothing below to compare with
        else Halve(averageMs);
    }

    private void Probed(double averageMs)
    {
        var hadQueue = averageMs * Shortened < _beforeMs;
        if (hadQueue) _resumeAt = _limit;
        if (hadQueue && Limit > min) Halve(averageMs);
        else Found(averageMs);
    }

    private void Halve(double averageMs)
    {
        _isProbing = true;
        _beforeMs = averageMs;
        Set(_limit / 2);
    }

    private void Found(double aloneMs)
    {
        _isProbing = false;
        _aloneMs = aloneMs;
        _roundsToProbe = RoundsToProbe;
        Set(_resumeAt);
    }

    private void Set(double limit) => _limit = Math.Clamp(limit, min, max);
}
