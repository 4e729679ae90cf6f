using GraphColouring.Queens;
using Rqml.DoesItPay.Measuring;

namespace Rqml.DoesItPay.Queens;

/// <summary>One way of spending rounds of models on a board.</summary>
internal interface IColouringRegime : IAsyncDisposable
{
    string Name { get; }

    /// <summary>Everything that its rounds have cost so far, on whatever thread. A round is charged before its colouring is returned.</summary>
    CallMeter Calls { get; }

    /// <summary>The best colouring that was found within the budget; one without conflicts ends the search.</summary>
    ValueTask<Colouring> SolveAsync(ColouringJob job);
}
