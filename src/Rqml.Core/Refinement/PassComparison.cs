using Rqml.Nodes;

namespace Rqml.Refinement;

/// <summary>Several passes of one iteration, side by side. Pure: the same passes give the same choice.</summary>
/// <param name="Chosen">The pass whose artifact the iteration goes on with: the best by score, without scores the one that is most like the others; the first among equals.</param>
/// <param name="Consistency">Mean similarity of each two; NaN where nobody compared them.</param>
internal readonly record struct PassComparison(int Chosen, double Consistency)
{
    /// <param name="passes">Null of one that failed.</param>
    /// <param name="alike">Similarities of each two that did not, row by row above the diagonal; empty where nobody compared them.</param>
    public static PassComparison Of(ReadOnlySpan<PassResult?> passes, IReadOnlyList<double> alike)
    {
        if (passes.Length == 1) return new PassComparison(0, double.NaN);
        var made = new List<int>(passes.Length);
        for (var pass = 0; pass < passes.Length; pass++)
        {
            if (passes[pass] is not null) made.Add(pass);
        }

        var chosen = made[0];
        var likeness = Likeness(made.Count, alike);
        for (var place = 1; place < made.Count; place++)
        {
            var (challenger, holder) = (passes[made[place]]!.Value.Score, passes[chosen]!.Value.Score);
            var isBetter = double.IsNaN(challenger) || double.IsNaN(holder) ? likeness[place] > likeness[made.IndexOf(chosen)] : challenger > holder;
            if (isBetter) chosen = made[place];
        }

        return new PassComparison(chosen, alike.Count == 0 ? double.NaN : alike.Average());
    }

    /// <summary>For each pass, how much it is like all the others together.</summary>
    private static double[] Likeness(int count, IReadOnlyList<double> alike)
    {
        var likeness = new double[count];
        if (alike.Count == 0) return likeness;
        var pair = 0;
        for (var left = 0; left < count; left++)
        {
            for (var right = left + 1; right < count; right++, pair++)
            {
                likeness[left] += alike[pair];
                likeness[right] += alike[pair];
            }
        }

        return likeness;
    }
}
