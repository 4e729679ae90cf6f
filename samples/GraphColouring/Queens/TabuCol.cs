namespace GraphColouring.Queens;

/// <summary>
/// TabuCol: always makes the best move that recolours a square in conflict, even uphill, and forbids for a while to take it back. The expensive tier, which
/// solves what the others leave.
/// </summary>
/// <remarks>
/// A. Hertz, D. de Werra, "Using tabu search techniques for graph coloring", Computing 39, 1987; the tenure is that of P. Galinier, J.-K. Hao, "Hybrid
/// evolutionary algorithms for graph coloring", J. Combinatorial Optimization 3, 1999. Each round begins at the best colouring with
/// nothing forbidden: to carry place and prohibitions on was no better (20 boards of 12 in 13 colours, 20,000 moves a round: 6 rounds in the median, anew 5).
/// </remarks>
public sealed class TabuCol(int movesPerRound = TabuCol.DefaultMovesPerRound) : IImprover
{
    /// <summary>About 40 ms on a board of 12, some thirty times a round of <see cref="MinConflicts"/>.</summary>
    public const int DefaultMovesPerRound = 40_000;

    // Galinier and Hao 1999, section 3.2.
    private const double TenurePerVertexInConflict = 0.6;
    private const int TenureDrawnBelow = 10;

    public Colouring Improve(Colouring? current, ColouringJob job, ulong seed)
    {
        ArgumentNullException.ThrowIfNull(job);
        var start = job.StartFrom(current);
        var random = job.Randomness(start, seed);
        var walk = new Walk(start);
        var freeFrom = new int[walk.VertexCount * job.Colours];        // the move from which on a square may have a colour again
        for (var move = 0; move < movesPerRound && walk.Conflicts > 0; move++)
        {
            var choice = Choose(walk, freeFrom, move, ref random);
            if (choice.Vertex < 0) continue;                            // everything is forbidden; the next move has more to choose from
            var tenure = (int)(TenurePerVertexInConflict * choice.VerticesInConflict) + random.Below(TenureDrawnBelow);
            freeFrom[choice.Vertex * job.Colours + walk.ColourOf(choice.Vertex)] = move + 1 + tenure;
            walk.Recolour(choice.Vertex, choice.Colour);
        }

        return walk.Best();
    }

    private static Choice Choose(Walk walk, int[] freeFrom, int move, ref SplitMix64 random)
    {
        var (vertexChosen, colourChosen, least, equals, inConflict) = (-1, 0, int.MaxValue, 0, 0);
        for (var vertex = 0; vertex < walk.VertexCount; vertex++)
        {
            if (!walk.IsInConflict(vertex)) continue;
            inConflict++;
            var own = walk.ColourOf(vertex);
            var neighbours = walk.NeighboursByColour(vertex);
            for (var colour = 0; colour < neighbours.Length; colour++)
            {
                var change = neighbours[colour] - neighbours[own];
                if (change > least || colour == own) continue;
                var isNewBest = walk.Conflicts + change < walk.BestConflicts;                     // and never forbidden
                if (freeFrom[vertex * neighbours.Length + colour] > move && !isNewBest) continue;
                if (change < least) (least, equals) = (change, 0);
                if (random.Below(++equals) == 0) (vertexChosen, colourChosen) = (vertex, colour);
            }
        }

        return new Choice(vertexChosen, colourChosen, inConflict);
    }

    private readonly record struct Choice(int Vertex, int Colour, int VerticesInConflict);
}
