using GraphColouring.Queens;
using Rqml.DoesItPay.Measuring;

namespace Rqml.DoesItPay.Queens;

/// <summary>Models in a fixed order: one that is stuck gives way to the next, and the last goes on until the budget is used up. Nothing is kept or distributed.</summary>
internal sealed class FixedSearch(string name, params SearchModel[] models) : IColouringRegime
{
    public string Name { get; } = name;

    public CallMeter Calls { get; } = new();

    public ValueTask<Colouring> SolveAsync(ColouringJob job)
    {
        Colouring? best = null;
        var (cost, place, without) = (0.0, 0, 0);
        for (var round = 1UL; cost + models[place].Cost <= SearchModel.Budget; round++)
        {
            cost += models[place].Cost;
            var next = Calls.Charge(() => models[place].Improver.Improve(best, job, round));
            var isGain = best is null || Verifier.Conflicts(next) < Verifier.Conflicts(best);
            best = next;
            if (Verifier.Accepts(job, best)) break;
            without = isGain ? 0 : without + 1;
            if (without < SearchModel.Patience || place + 1 == models.Length) continue;
            (place, without) = (place + 1, 0);
        }

        return ValueTask.FromResult(best!);
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
