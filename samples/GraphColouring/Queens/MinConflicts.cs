namespace GraphColouring.Queens;

/// <summary>
/// Min-conflicts: takes any square that is in conflict and gives it the colour that leaves it the fewest, and never one that leaves it more. Quick, and soon
/// stuck on a plateau that only a worse colouring leads away from: the cheap tier.
/// </summary>
/// <remarks>S. Minton, M. D. Johnston, A. B. Philips, P. Laird, "Minimizing conflicts", Artificial Intelligence 58, 1992, section 3.</remarks>
public sealed class MinConflicts(int movesPerRound = MinConflicts.DefaultMovesPerRound) : IImprover
{
    /// <summary>About 1 ms on boards up to 12. What is not found by then mostly never is: longer rounds would be spent on the plateau.</summary>
    public const int DefaultMovesPerRound = 2_000;

    public Colouring Improve(Colouring? current, ColouringJob job, ulong seed)
    {
        ArgumentNullException.ThrowIfNull(job);
        var start = job.StartFrom(current);
        var random = job.Randomness(start, seed);
        var walk = new Walk(start);
        for (var move = 0; move < movesPerRound && walk.Conflicts > 0; move++)
        {
            var vertex = AnyInConflict(walk, ref random);
            walk.Recolour(vertex, LeastContested(walk.NeighboursByColour(vertex), ref random));
        }

        return walk.Best();
    }

    private static int AnyInConflict(Walk walk, ref SplitMix64 random)
    {
        Span<int> inConflict = stackalloc int[walk.VertexCount];
        var count = 0;
        for (var vertex = 0; vertex < walk.VertexCount; vertex++)
        {
            if (walk.IsInConflict(vertex)) inConflict[count++] = vertex;
        }

        return inConflict[random.Below(count)];
    }

    private static int LeastContested(ReadOnlySpan<int> neighboursByColour, ref SplitMix64 random)
    {
        var (least, chosen, equals) = (int.MaxValue, 0, 0);
        for (var colour = 0; colour < neighboursByColour.Length; colour++)
        {
            if (neighboursByColour[colour] > least) continue;
            if (neighboursByColour[colour] < least) (least, equals) = (neighboursByColour[colour], 0);
            if (random.Below(++equals) == 0) chosen = colour;      // evenly among equals, without a list of them
        }

        return chosen;
    }
}
