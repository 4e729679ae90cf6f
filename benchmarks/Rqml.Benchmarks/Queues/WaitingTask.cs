using Rqml.Benchmarks.Ratios;

namespace Rqml.Benchmarks.Queues;

/// <summary>What a waiting task takes in the queue's own structures.</summary>
internal static class WaitingTask
{
    private const double MostBytes = 200;

    public static async Task<Figure> MeasureAsync()
    {
        var queue = new MillionWaiting();
        await queue.Setup();
        return new Figure(FormattableString.Invariant($"{queue.BytesEach:0} B"), queue.BytesEach < MostBytes);
    }
}
