using Rqml.Models;
using Rqml.Tasks;

namespace Rqml.Core.Tests.Models.Concurrency;

/// <summary>
/// A model behind a limit that always has more to do: it serves so many calls at once, first come first served, the others queue; where it has a bound, it
/// refuses what comes beyond. Time is simulated and begins anew with each.
/// </summary>
internal sealed class QueueingServer(ConcurrencyLimit limit, ulong seed)
{
    private readonly PriorityQueue<(CallPermit Permit, double BeganMs, CallOutcome Outcome), double> _calls = new();
    private readonly PriorityQueue<double, double> _freeAtMs = new();
    private SplitMix64 _random = new(seed);
    private double _nowMs;

    /// <summary>How many calls it serves at once.</summary>
    public int Capacity { get; set; }

    /// <summary>How many may be there before one more is refused.</summary>
    public int RefusesFrom { get; set; } = int.MaxValue;

    /// <summary>Mean time of a call that is served.</summary>
    public double ServiceMs { get; set; } = 100;

    /// <summary>Of the time, from 0 (all alike) to 1 (from next to nothing to twice the mean).</summary>
    public double Spread { get; set; }

    /// <summary>Most calls that may be wanted at once.</summary>
    public int Wanted { get; set; } = int.MaxValue;

    public int Refused { get; private set; }

    /// <summary>Completes so many calls; what the limit was at each of them.</summary>
    public int[] Complete(int calls)
    {
        var limits = new int[calls];
        for (var done = 0; done < calls; done++)
        {
            while (_calls.Count < Wanted && limit.TryEnter(out var permit)) Begin(permit);
            Leave();
            limits[done] = limit.Limit;
        }

        return limits;
    }

    /// <summary>Abandons all calls.</summary>
    public void Abandon()
    {
        while (_calls.TryDequeue(out var call, out _)) limit.Leave(call.Permit, 0, CallOutcome.Abandoned);
    }

    /// <summary>Calls a second that it has served.</summary>
    public double Throughput(int calls) => calls / _nowMs * 1_000;

    private void Begin(CallPermit permit)
    {
        if (_calls.Count >= RefusesFrom)
        {
            _calls.Enqueue((permit, _nowMs, CallOutcome.Overloaded), _nowMs + 5);
            return;
        }

        while (_freeAtMs.Count >= Capacity && _freeAtMs.Peek() <= _nowMs) _freeAtMs.Dequeue();
        var startMs = _nowMs;
        while (_freeAtMs.Count >= Capacity) startMs = Math.Max(startMs, _freeAtMs.Dequeue());
        var endMs = startMs + (ServiceMs * (1 + (Spread * ((2 * _random.NextDouble()) - 1))));
        _freeAtMs.Enqueue(endMs, endMs);
        _calls.Enqueue((permit, _nowMs, CallOutcome.Succeeded), endMs);
    }

    private void Leave()
    {
        _calls.TryDequeue(out var call, out _nowMs);
        limit.Leave(call.Permit, _nowMs - call.BeganMs, call.Outcome);
        if (call.Outcome == CallOutcome.Overloaded) Refused++;
    }
}
