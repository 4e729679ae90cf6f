namespace Rqml.Nodes;

/// <summary>
/// How often in a row a node died while it held an attempt at the same iteration. Any attempt that a dead node held may have killed it, so all are suspect;
/// progress past the iteration clears it. From the third time on the attempt runs alone on its node, and a death then is a strike.
/// </summary>
/// <param name="Deaths">Node deaths at <paramref name="Iteration"/>, in a row.</param>
/// <param name="Iteration">The last iteration that was durable when the node died.</param>
internal readonly record struct Suspicion(int Deaths, int Iteration)
{
    /// <summary>Deaths from which on an attempt runs alone.</summary>
    public const int DeathsToRunAlone = 3;

    public static Suspicion None => default;

    public bool RunsAlone => Deaths >= DeathsToRunAlone;

    /// <summary>A node has died again.</summary>
    public Suspicion After(int iteration) => Deaths > 0 && iteration <= Iteration ? new(Deaths + 1, Iteration) : new(1, iteration);

    /// <summary>An iteration was reached.</summary>
    public Suspicion At(int iteration) => iteration > Iteration ? None : this;

    /// <summary>The graver of two opinions on the same attempt.</summary>
    public static Suspicion Graver(Suspicion left, Suspicion right) =>
        left.Iteration != right.Iteration ? (left.Iteration > right.Iteration ? left : right) : left.Deaths >= right.Deaths ? left : right;
}
