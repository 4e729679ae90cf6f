using Rqml;

namespace AspNetHost;

/// <summary>Where a van has to stop: each an east and a north.</summary>
internal sealed record Stops(double[][] Points);

/// <summary>The class of tasks that orders a van's stops, and how good an order is.</summary>
internal static class Deliveries
{
    public static readonly TaskClass<Stops, int[]> Route = new("route");

    /// <summary>How near the tour is to the shortest that could be, were all stops each other's neighbours: from 0 to 1.</summary>
    public static double Straightness(Stops stops, int[] order)
    {
        var nearest = stops.Points.Sum(point => stops.Points.Where(other => other != point).Select(other => Distance(point, other)).DefaultIfEmpty(0).Min());
        var length = Length(stops, order);
        return length == 0 ? 1 : Math.Clamp(nearest / length, 0, 1);
    }

    public static double Length(Stops stops, int[] order) => order.Select((stop, at) => Distance(stops.Points[stop], stops.Points[order[(at + 1) % order.Length]])).Sum();

    private static double Distance(double[] one, double[] other) => Math.Sqrt(Math.Pow(one[0] - other[0], 2) + Math.Pow(one[1] - other[1], 2));
}

/// <summary>Takes the best of all tours that come of turning one part around (2-opt: Croes 1958).</summary>
internal sealed class TwoOpt : IRefinementModel<Stops, int[]>
{
    public ValueTask<Refinement<int[]>> RefineAsync(RefinementContext<Stops, int[]> context, CancellationToken cancellationToken)
    {
        if (!context.HasArtifact) return new(Enumerable.Range(0, context.Payload.Points.Length).ToArray());      // as they were said
        var best = context.Artifact!;
        foreach (var from in Enumerable.Range(0, best.Length))
        {
            foreach (var to in Enumerable.Range(from + 2, Math.Max(0, best.Length - from - 1)))
            {
                cancellationToken.ThrowIfCancellationRequested();
                int[] turned = [.. context.Artifact![..from], .. context.Artifact![from..to].Reverse(), .. context.Artifact![to..]];
                if (Deliveries.Length(context.Payload, turned) < Deliveries.Length(context.Payload, best)) best = turned;
            }
        }

        return new(new Refinement<int[]>(best, Confidence: Deliveries.Straightness(context.Payload, best)));
    }
}
