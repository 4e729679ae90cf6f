namespace GraphColouring.Queens;

/// <summary>
/// Annealing at one temperature: draws a square in conflict and a colour, and accepts what is worse by d conflicts with a probability that falls with d. Of
/// another family than the two that choose the best move, it fails on other boards.
/// </summary>
/// <remarks>
/// N. Metropolis et al., "Equation of state calculations by fast computing machines", J. Chemical Physics 21, 1953; on conflicts of a colouring with k colours:
/// M. Chams, A. Hertz, D. de Werra, "Some experiments with simulated annealing for coloring graphs", European J. Operational Research 32, 1987. They cool; here
/// the temperature stays, so that a round has nothing to hand on but its colouring.
/// </remarks>
public sealed class Annealing(int trialsPerRound = Annealing.DefaultTrialsPerRound) : IImprover
{
    /// <summary>About 15 ms on boards of 10 and 11: most trials meet a square that is not in conflict, and cost next to nothing.</summary>
    public const int DefaultTrialsPerRound = 1_000_000;

    // Of one conflict more: a temperature of 0.35. At 0.02 a board of 9 in 10 colours took seven times as many rounds, at 0.14 it was mostly not solved at all.
    private const double Acceptance = 0.057;

    public Colouring Improve(Colouring? current, ColouringJob job, ulong seed)
    {
        ArgumentNullException.ThrowIfNull(job);
        var start = job.StartFrom(current);
        var random = job.Randomness(start, seed);
        var walk = new Walk(start);
        for (var trial = 0; trial < trialsPerRound && walk.Conflicts > 0; trial++)
        {
            var vertex = random.Below(walk.VertexCount);
            if (!walk.IsInConflict(vertex)) continue;
            var colour = random.Below(job.Colours - 1);
            if (colour >= walk.ColourOf(vertex)) colour++;              // any but its own
            if (IsAccepted(walk.Change(vertex, colour), ref random)) walk.Recolour(vertex, colour);
        }

        return walk.Best();
    }

    // One draw for each conflict more: the probabilities multiply, and no exponential has to be the same to the bit on every machine.
    private static bool IsAccepted(int change, ref SplitMix64 random)
    {
        for (; change > 0; change--)
        {
            if (random.Unit() >= Acceptance) return false;
        }

        return true;
    }
}
